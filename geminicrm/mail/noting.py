"""A mail that was sent from a record becomes an activity there, in the same transaction."""

from typing import Any, Protocol

import structlog

from geminicrm.identity.actor import SystemActor
from geminicrm.kernel.errors import ValidationFailed
from geminicrm.kernel.work import Work
from geminicrm.mail.files import drop_files, files_of
from geminicrm.mail.filing import Noted, Place, held, key_row, put_once, subject_of
from geminicrm.mail.models import FILED, OURS, SENT, OutgoingMail, StoredMail
from geminicrm.mail.plain import plain
from geminicrm.mail.writing import note_sent

_log = structlog.get_logger(__name__)


class SentRecords(Protocol):
    """What a mail that was sent needs of the CRM."""

    def exists(self, work: Work, place: Place) -> bool:
        """Tell whether a record is still there."""
        ...

    def note(self, work: Work, place: Place, noted: Noted) -> str:
        """Put a mail on a record as an activity; give its id."""
        ...


def settle(work: Work, records: SentRecords, mail_id: str) -> OutgoingMail:
    """Note that a mail whose fate was unknown was sent. Raises NotFound, ScopeMissing, Conflict."""
    row = note_sent(work, mail_id)
    note_on_record(work, records, row)
    return row


def note_on_record(work: Work, records: SentRecords, row: OutgoingMail) -> None:
    """Make a mail that was sent an activity of its record, once; does nothing for any other.

    Its Message-ID is claimed as well: a copy that lies in a mailbox is known when it is read.
    """
    if row.state != SENT or row.activity_id is not None:
        return
    copy = _copy(work, row)
    place = _place(row)
    if place is not None and copy is not None and _place(copy) == place:
        row.activity_id = copy.activity_id
    if place is not None and row.activity_id is None:
        row.activity_id = _noted(work, records, place, row)
    if copy is not None and copy.state != FILED:
        _hide(work, copy, place, row)


def _copy(work: Work, row: OutgoingMail) -> StoredMail | None:
    """Give the row that stands for the mail among those that came in."""
    if row.message_id is None or row.sent_at is None:
        return None
    key = row.message_id
    new = key_row(work, row.sent_through or "", key, row.sent_at)
    return held(work, key) or (new if put_once(work, new) else held(work, key))


def _hide(work: Work, copy: StoredMail, place: Place | None, row: OutgoingMail) -> None:
    copy.state, copy.activity_id = OURS, row.activity_id
    copy.related_type, copy.related_id = place or (None, None)
    copy.sender, copy.subject, copy.text = {}, "", ""
    copy.recipients, copy.references = {}, []
    drop_files(work, copy)


def _noted(work: Work, records: SentRecords, place: Place, row: OutgoingMail) -> str | None:
    # That it was sent is a fact, whatever the one may write who notes it.
    system = Work(work.session, SystemActor(work.workspace_id), work.now)
    if not records.exists(system, place):
        return None
    noted = Noted(
        subject=subject_of(row.subject), text=_text(work, row), at=row.sent_at or work.now
    )
    try:
        with work.session.begin_nested():
            activity_id = records.note(system, place, noted)
    except ValidationFailed as error:
        # Better no activity than a mail that was sent and does not say so.
        _log.warning("a mail that was sent is no activity", mail=row.id, error=str(error))
        return None
    work.wake_workers()
    return activity_id


def _place(row: OutgoingMail | StoredMail) -> Place | None:
    if row.related_type is None or row.related_id is None:
        return None
    return row.related_type, row.related_id


def _text(work: Work, row: OutgoingMail) -> str:
    """Give what was written, below those who got it; blind copies stay blind."""
    people = [
        f"{label}: {', '.join(_shown(one) for one in row.recipients[name])}"
        for name, label in (("to", "To"), ("cc", "Copy"))
        if row.recipients.get(name)
    ]
    files = ", ".join(one["name"] for one in files_of(work, [row.id])[row.id])
    people += [f"Files: {files}"] if files else []
    text = row.text if row.text.strip() else plain(row.html)
    return "\n".join([*people, "", text])


def _shown(person: dict[str, Any]) -> str:
    return f"{person['name']} <{person['email']}>" if person["name"] else str(person["email"])
