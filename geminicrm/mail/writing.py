"""Writing mail: checked, stored with what caused it, handed to a worker after the commit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from email_validator import EmailNotValidError, validate_email

from extensions.sdk.capabilities.email import Address, MailFile
from geminicrm.kernel.errors import Conflict, Finding, NotFound, ValidationFailed
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.jobs.jobs import NewJob, enqueue
from geminicrm.kernel.work import Work
from geminicrm.mail.files import keep_files, wrong_files
from geminicrm.mail.models import FAILED, QUEUED, SENT, UNKNOWN, WAITING, OutgoingMail

SEND: Final = "send:email"
SENDING_KIND: Final = "mail.send"
MOST_RECIPIENTS: Final = 100
MOST_CHARACTERS: Final = 500_000
_LONGEST_SUBJECT: Final = 500
_SECONDS: Final = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMail:
    """A mail to send; `related` is the type and the id of the record it is written from.

    `answer_to` is the id of a mail that came in; answering.threaded makes references of it.
    """

    to: Sequence[Address]
    subject: str
    text: str
    html: str = ""
    cc: Sequence[Address] = ()
    bcc: Sequence[Address] = ()
    purpose: str = "record"
    related: tuple[str, str] | None = None
    connection_id: str | None = None
    in_reply_to: str = ""
    references: Sequence[str] = ()
    sealed: str | None = None
    sealed_until: datetime | None = None
    answer_to: str = ""
    files: Sequence[MailFile] = ()


def write_mail(work: Work, new: NewMail) -> OutgoingMail:
    """Store a mail and have it sent after the commit. Raises ScopeMissing, ValidationFailed."""
    work.require(SEND)
    return write_own_mail(work, new)


def write_own_mail(work: Work, new: NewMail) -> OutgoingMail:
    """Store a mail of the CRM itself: whoever causes it need not be allowed to send mail.

    Raises ValidationFailed.
    """
    found = [*_wrong_recipients(new), *_wrong_text(new), *wrong_files(new.files)]
    if found:
        raise ValidationFailed(found)
    related_type, related_id = new.related or (None, None)
    row = OutgoingMail(
        id=new_id("mail"),
        workspace_id=work.workspace_id,
        purpose=new.purpose,
        recipients={
            name: [{"email": one.email, "name": one.name} for one in getattr(new, name)]
            for name in ("to", "cc", "bcc")
        },
        subject=new.subject.strip(),
        text=new.text,
        html=new.html,
        in_reply_to=new.in_reply_to,
        references=list(new.references),
        related_type=related_type,
        related_id=related_id,
        connection_id=new.connection_id,
        state=QUEUED,
        attempts=0,
        refused=[],
        created_by=work.actor.label,
        created_at=work.now,
        sealed=new.sealed,
        sealed_until=new.sealed_until,
    )
    work.session.add(row)
    keep_files(work, row, new.files)
    _hand_over(work, row)
    told = {"to": len(new.to), "purpose": new.purpose, "files": len(new.files)}
    work.audit("mail.written", row.id, told)
    return row


def send_again(work: Work, mail_id: str) -> OutgoingMail:
    """Send what was not sent, or may not have been: the person has decided.

    Raises NotFound, ScopeMissing, Conflict for one that is sent or on its way.
    """
    row = find_mail(work, mail_id)
    if row.state not in {WAITING, FAILED, UNKNOWN}:
        raise Conflict(f"The mail is {row.state}: it can't be sent again.")
    work.audit("mail.sent_again", row.id, {"was": row.state})
    row.state, row.error, row.mend = QUEUED, None, None
    _hand_over(work, row)
    return row


def send_waiting(work: Work, rows: Sequence[OutgoingMail]) -> int:
    """Hand over what waited for somebody who can send it; give how many those are."""
    for row in rows:
        send_again(work, row.id)
    return len(rows)


def note_sent(work: Work, mail_id: str) -> OutgoingMail:
    """Note that a mail whose fate was unknown was sent. Raises as `send_again`."""
    row = find_mail(work, mail_id)
    if row.state != UNKNOWN:
        raise Conflict(f"The mail is {row.state}: only one of unknown fate can be settled.")
    row.state, row.sent_at, row.sealed = SENT, work.now, None
    work.audit("mail.noted_sent", row.id, {})
    return row


def find_mail(work: Work, mail_id: str) -> OutgoingMail:
    """Give one mail. Raises NotFound, ScopeMissing."""
    work.require(SEND)
    row = work.get(OutgoingMail, mail_id, "mail")
    if row.workspace_id != work.workspace_id:
        raise NotFound("mail", mail_id)
    return row


def _hand_over(work: Work, row: OutgoingMail) -> None:
    new = NewJob(
        kind=SENDING_KIND,
        payload={"mail_id": row.id},
        seconds=_SECONDS,
        unique_key=row.id,
    )
    enqueue(work, new)


def _wrong_recipients(new: NewMail) -> list[Finding]:
    if not new.to:
        return [Finding("/to", "missing", "Give at least one address.")]
    if len(new.to) + len(new.cc) + len(new.bcc) > MOST_RECIPIENTS:
        message = f"Give at most {MOST_RECIPIENTS} addresses in all."
        return [Finding("/to", "too_many", message)]
    return [
        finding
        for name in ("to", "cc", "bcc")
        for at, one in enumerate(getattr(new, name))
        for finding in _wrong_address(f"/{name}/{at}", one)
    ]


def _wrong_address(pointer: str, address: Address) -> list[Finding]:
    try:
        validate_email(address.email, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        return [Finding(pointer, "invalid_email", f"{address.email!r}: {error}")]
    if not address.name.isprintable():
        return [Finding(pointer, "invalid_name", "A name has no line breaks.")]
    return []


def _wrong_text(new: NewMail) -> list[Finding]:
    found = []
    subject = new.subject.strip()
    if not subject or len(subject) > _LONGEST_SUBJECT or not subject.isprintable():
        message = f"Give a subject of one line, up to {_LONGEST_SUBJECT} characters."
        found.append(Finding("/subject", "wrong_subject", message))
    if not (new.text.strip() or new.html.strip()):
        found.append(Finding("/text", "missing", "Write something."))
    if len(new.text) + len(new.html) > MOST_CHARACTERS:
        message = f"A mail has at most {MOST_CHARACTERS:,} characters."
        found.append(Finding("/text", "too_long", message))
    return found
