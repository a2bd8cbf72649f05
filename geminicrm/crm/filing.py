"""Mail on records: whose it is, and the activity that it becomes."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import select

from geminicrm.crm.activities.models import RELATED
from geminicrm.crm.build import Crm
from geminicrm.crm.contacts.models import Contact
from geminicrm.crm.leads.models import Lead
from geminicrm.crm.shared import service
from geminicrm.crm.shared.search import search
from geminicrm.kernel.texts import storable
from geminicrm.kernel.work import Actor, Work
from geminicrm.mail.doors_needed import Found
from geminicrm.mail.filing import Noted, Place
from geminicrm.mail.merging import offered

_MODELS = (("contact", Contact), ("lead", Lead))
_MOST: Final = 20_000


class MailRecords:
    """Implements what filing, and the pages of mail, need of the CRM.

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

    def note(self, work: Work, place: Place, noted: Noted) -> str:
        """Put a mail on a record as an activity that is done; give its id."""
        kind, identifier = place
        values = {
            "kind": "email",
            "subject": noted.subject,
            "body": storable(noted.text, _MOST),
            "done_at": noted.at,
            "related_type": kind,
            "related_id": identifier,
        }
        return str(service.create(work, self._crm.activities.spec, values)["id"])

    def fields(self) -> Mapping[str, Sequence[str]]:
        """Give the merge fields by kind of record."""
        specs = (self._crm.records[kind].spec for kind in RELATED)
        return {spec.kind: offered(spec.all_fields) for spec in specs}

    def find(self, actor: Actor, text: str) -> Sequence[Found]:
        """Find records that mail can belong to, as far as the actor may read them."""
        specs = [self._crm.records[kind].spec for kind in RELATED]
        with self._crm.works.read(actor) as work:
            hits = search(work, specs, text)
        return [_found(hit) for hit in hits]

    def make_lead(
        self, actor: Actor, values: Mapping[str, Any], along: Callable[[Work, str], object]
    ) -> str:
        """Create a lead; `along` gets its id in the same transaction. Gives the id.

        Raises ScopeMissing, ValidationFailed.
        """
        made = self._crm.leads.create(actor, values, lambda work, lead: along(work, lead["id"]))
        return str(made["id"])


def _found(hit: Mapping[str, str]) -> Found:
    identifier = hit["url"].rpartition("/")[2]
    kind = identifier.partition("_")[0]
    return Found(kind=kind, id=identifier, title=hit["title"], subtitle=hit["subtitle"])
