"""Filing what came in: to the record that its thread or its people belong to."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from extensions.sdk.capabilities.email import Address, ReceivedMail
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.texts import storable
from geminicrm.kernel.work import Work
from geminicrm.mail.files import keep_files
from geminicrm.mail.models import FILED, OPEN, OURS, PRIVATE, OutgoingMail, StoredMail
from geminicrm.mail.plain import plain

_KEY: Final = 500
_SUBJECT: Final = 200
_TEXT: Final = 20_000
_THREAD: Final = 50
_PEOPLE: Final = 100

Place = tuple[str, str]
"""Type and id of a record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """What an activity says of a mail, and when the mail came or went."""

    subject: str
    text: str
    at: datetime


class Records(Protocol):
    """What filing needs of the CRM."""

    def owner_of(self, work: Work, addresses: Sequence[str]) -> Place | None:
        """Find the contact, else the lead, that has one of these addresses, the first first."""
        ...

    def exists(self, work: Work, place: Place) -> bool:
        """Tell whether a record is still there."""
        ...

    def note(self, work: Work, place: Place, noted: Noted) -> str:
        """Put a mail on a record as an activity; give its id."""
        ...


def file_mail(
    work: Work, records: Records, connection_id: str, mail: ReceivedMail, *, personal: bool
) -> bool:
    """Store a mail and put it on its record, all in one transaction; False where it is known.

    A thread comes before people: an answer belongs where the question was asked. What machines
    send (bounces, absence notes, lists) is filed by thread alone. Of what fits no record, a
    `personal` mailbox gives away the key and nothing else.
    """
    row = _claimed(work, connection_id, mail)
    if row is None:
        return False
    if _sent_from_here(work, row):
        return True
    place = _place(work, records, mail)
    if place is None and personal:
        return True
    _fill(row, connection_id, mail)
    keep_files(work, row, mail.files)
    row.state = OPEN
    if place is not None:
        put_on(work, records, row, place)
    work.session.flush()  # the next mail of the page may answer this one
    return True


def put_on(work: Work, records: Records, row: StoredMail, place: Place) -> None:
    """Make a stored mail an activity of a record."""
    noted = Noted(subject=subject_of(row.subject), text=row.text, at=row.received_at)
    row.state, (row.related_type, row.related_id) = FILED, place
    row.activity_id = records.note(work, place, noted)


def put_once(work: Work, row: StoredMail) -> bool:
    """Store a row by its key; False where another worker was quicker."""
    try:
        with work.session.begin_nested():
            work.session.add(row)
    except IntegrityError:
        return False
    return True


def key_row(work: Work, connection_id: str, key: str, at: datetime) -> StoredMail:
    """Give a row that holds the key of a mail, and nothing that it says."""
    return StoredMail(
        id=new_id("mail"),
        workspace_id=work.workspace_id,
        connection_id=connection_id,
        message_key=key,
        sender={},
        subject="",
        text="",
        received_at=at,
        stored_at=work.now,
        state=PRIVATE,
    )


def held(work: Work, key: str) -> StoredMail | None:
    """Give the row of a key, held until the end of the transaction."""
    query = select(StoredMail).where(StoredMail.message_key == key)
    return work.session.scalar(query.with_for_update())


def subject_of(text: str) -> str:
    """Give a subject that an activity can have."""
    return storable(" ".join(text.split()), _SUBJECT) or "(no subject)"


def _claimed(work: Work, connection_id: str, mail: ReceivedMail) -> StoredMail | None:
    """Give the row of a mail that is new; None for one that was dealt with.

    A mail that fitted no record when somebody's own mailbox had it is looked at again.
    """
    key = storable(mail.message_id or f"{connection_id}/{mail.id}", _KEY)
    known = held(work, key)
    if known is not None:
        return known if known.state == PRIVATE else None
    row = key_row(work, connection_id, key, mail.received_at)
    return row if put_once(work, row) else None


def _sent_from_here(work: Work, row: StoredMail) -> bool:
    query = select(OutgoingMail).where(OutgoingMail.message_id == row.message_key)
    sent = work.session.scalar(query.limit(1))
    if sent is None:
        return False
    row.state, row.activity_id = OURS, sent.activity_id
    row.related_type, row.related_id = sent.related_type, sent.related_id
    return True


def _fill(row: StoredMail, connection_id: str, mail: ReceivedMail) -> None:
    row.from_html = bool(mail.html.strip()) and not mail.text.strip()
    text = plain(mail.html) if row.from_html else mail.text
    row.connection_id = connection_id
    row.sender = _person(mail.sender) if mail.sender else {}
    row.recipients = {
        name: [_person(one) for one in getattr(mail, name)[:_PEOPLE]]
        for name in ("to", "cc", "reply_to")
    }
    row.references = [storable(one, _KEY) for one in _named(mail)]
    row.subject = storable(mail.subject, _KEY)
    row.text = storable(text or mail.subject, _TEXT)
    row.cut = mail.cut or len(text) > _TEXT
    row.automatic = mail.automatic


def _person(address: Address) -> dict[str, Any]:
    return {"email": storable(address.email, _KEY), "name": storable(address.name, _KEY)}


def _named(mail: ReceivedMail) -> list[str]:
    """Give the Message-IDs that a mail answers, the oldest first."""
    every = (*mail.references, mail.in_reply_to)
    # The last mention counts: `in_reply_to` mostly is the last of the references too.
    return list(dict.fromkeys(one for one in reversed(every) if one))[:_THREAD][::-1]


def _place(work: Work, records: Records, mail: ReceivedMail) -> Place | None:
    for place in _threads(work, mail):
        if records.exists(work, place):
            return place
    if mail.automatic:
        return None
    people = (*((mail.sender,) if mail.sender else ()), *mail.reply_to, *mail.to, *mail.cc)
    return records.owner_of(work, [one.email.lower() for one in people])


def _threads(work: Work, mail: ReceivedMail) -> Iterator[Place]:
    for message_id in reversed(_named(mail)):
        ours = select(OutgoingMail.related_type, OutgoingMail.related_id).where(
            OutgoingMail.message_id == message_id
        )
        theirs = select(StoredMail.related_type, StoredMail.related_id).where(
            StoredMail.message_key == message_id
        )
        for statement in (ours, theirs):
            found = work.session.execute(statement.limit(1)).first()
            if found is not None and found[0] and found[1]:
                yield found[0], found[1]
