"""Where the mail behind an activity can be read, and its files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from geminicrm.kernel.work import Work
from geminicrm.mail.files import files_of
from geminicrm.mail.models import FILED, OutgoingMail, StoredMail
from geminicrm.mail.writing import SEND


@dataclass(frozen=True, slots=True)
class MailLink:
    """The page of a mail, and its files as `files_of` gives them; each is at `url`/files/id."""

    url: str
    files: Sequence[Mapping[str, Any]]


def mail_links(work: Work, activity_ids: Sequence[str]) -> dict[str, MailLink]:
    """Give the mail of each activity that has one, as far as the actor may open it."""
    if not activity_ids:
        return {}
    came = select(StoredMail.activity_id, StoredMail.id).where(
        StoredMail.activity_id.in_(activity_ids), StoredMail.state == FILED
    )
    went = select(OutgoingMail.activity_id, OutgoingMail.id).where(
        OutgoingMail.activity_id.in_(activity_ids)
    )
    found = {str(row[0]): ("/inbox", str(row[1])) for row in work.session.execute(came)}
    if work.actor.allows(SEND):
        found |= {str(row[0]): ("/outbox", str(row[1])) for row in work.session.execute(went)}
    files = files_of(work, [mail_id for _, mail_id in found.values()])
    return {
        activity_id: MailLink(f"{place}/{mail_id}", files[mail_id])
        for activity_id, (place, mail_id) in found.items()
    }
