"""Mail on records: whose it is, and the activity that it becomes."""

from collections.abc import Sequence

from sqlalchemy import select

from extensions.sdk.capabilities.email import ReceivedMail
from geminicrm.crm.build import Crm
from geminicrm.crm.contacts.models import Contact
from geminicrm.crm.leads.models import Lead
from geminicrm.crm.shared import service
from geminicrm.kernel.work import Work
from geminicrm.mail.filing import Place, subject_of

_MODELS = (("contact", Contact), ("lead", Lead))


class MailRecords:
    """Implements what filing needs of the CRM.

    An activity of a mail is a fact: no extension is asked whether it may be.
    """

    def __init__(self, crm: Crm) -> None:
        self._crm = crm

    def owner_of(self, work: Work, addresses: Sequence[str]) -> Place | None:
        """Find the contact, else the lead, with one of these addresses in lower case.

        The first address that somebody has counts; of several records the latest.
        """
        for address in addresses:
            for kind, model in _MODELS:
                found = work.session.scalar(
                    select(model.id)
                    .where(model.email_key == address, model.deleted_at.is_(None))
                    .order_by(model.id.desc())
                    .limit(1)
                )
                if found is not None:
                    return kind, found
        return None

    def exists(self, work: Work, place: Place) -> bool:
        """Tell whether a record is still there."""
        kind, identifier = place
        spec = self._crm.records[kind].spec
        return bool(service.get_many(work, spec, [identifier]))

    def note(self, work: Work, place: Place, mail: ReceivedMail, text: str) -> str:
        """Put a mail on a record as an activity that is done; give its id."""
        kind, identifier = place
        values = {
            "kind": "email",
            "subject": subject_of(mail),
            "body": text,
            "done_at": mail.received_at,
            "related_type": kind,
            "related_id": identifier,
        }
        return str(service.create(work, self._crm.activities.spec, values)["id"])
