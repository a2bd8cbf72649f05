"""Filing what came in: to the record that its thread or its people belong to."""

from collections.abc import Iterator, Sequence
from typing import Final, Protocol

from sqlalchemy import select

from extensions.sdk.capabilities.email import ReceivedMail
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.texts import storable
from geminicrm.kernel.work import Work
from geminicrm.mail.models import OutgoingMail, StoredMail

_KEY: Final = 500
_SUBJECT: Final = 200
_TEXT: Final = 20_000
_THREAD: Final = 50

Place = tuple[str, str]
"""Type and id of a record."""


class Records(Protocol):
    """What filing needs of the CRM."""

    def owner_of(self, work: Work, addresses: Sequence[str]) -> Place | None:
        """Find the contact, else the lead, that has one of these addresses, the first first."""
        ...

    def exists(self, work: Work, place: Place) -> bool:
        """Tell whether a record is still there."""
        ...

    def note(self, work: Work, place: Place, mail: ReceivedMail, text: str) -> str:
        """Put a mail on a record as an activity; give its id."""
        ...


def file_mail(work: Work, records: Records, connection_id: str, mail: ReceivedMail) -> bool:
    """Store a mail and put it on its record, all in one transaction; False where it is known.

    A thread comes before people: an answer belongs where the question was asked. What machines
    send (bounces, absence notes, lists) is filed by thread alone.
    """
    key = _key(connection_id, mail)
    if work.session.scalar(select(StoredMail.id).where(StoredMail.message_key == key)) is not None:
        return False
    text = storable(mail.text or mail.subject, _TEXT)
    place = _place(work, records, mail)
    row = StoredMail(
        id=new_id("mail"),
        workspace_id=work.workspace_id,
        connection_id=connection_id,
        message_key=key,
        sender={"email": mail.sender.email, "name": mail.sender.name} if mail.sender else {},
        subject=storable(mail.subject, _KEY),
        text=text,
        automatic=mail.automatic,
        received_at=mail.received_at,
        stored_at=work.now,
    )
    if place is not None:
        row.related_type, row.related_id = place
        row.activity_id = records.note(work, place, mail, text)
    work.session.add(row)
    work.session.flush()  # the next mail of the page may answer this one
    return True


def subject_of(mail: ReceivedMail) -> str:
    """Give a subject that an activity can have."""
    return storable(" ".join(mail.subject.split()), _SUBJECT) or "(no subject)"


def _key(connection_id: str, mail: ReceivedMail) -> str:
    return storable(mail.message_id or f"{connection_id}/{mail.id}", _KEY)


def _place(work: Work, records: Records, mail: ReceivedMail) -> Place | None:
    for place in _threads(work, mail):
        if records.exists(work, place):
            return place
    if mail.automatic:
        return None
    people = (*((mail.sender,) if mail.sender else ()), *mail.reply_to, *mail.to, *mail.cc)
    return records.owner_of(work, [one.email.lower() for one in people])


def _threads(work: Work, mail: ReceivedMail) -> Iterator[Place]:
    named = [one for one in (mail.in_reply_to, *reversed(mail.references)) if one][:_THREAD]
    for message_id in named:
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
