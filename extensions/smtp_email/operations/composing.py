"""From a mail of the contract to the bytes that go over the wire (RFC 5322, RFC 2045 to 2049)."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address as HeaderAddress
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from typing import Final

from extensions.sdk.capabilities.email import Address, Mail, MailFile
from extensions.sdk.service_errors import ServiceRefused

from .addresses import checked, envelope, needs_smtputf8

_ID: Final = re.compile(r"<[^<>\s@]{1,200}@[^<>\s@]{1,200}>")
_CONTENT_ID: Final = re.compile(r"[^<>\s\x00-\x1f]{1,200}")
_TYPE: Final = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,60}/[A-Za-z0-9!#$&^_.+-]{1,100}")
_HEADER: Final = re.compile(r"[A-Za-z0-9-]{1,76}")
_UNSEEN: Final = re.compile(r"[\x00-\x1f\x7f/\\]")
# What the mail itself decides, or the servers on its way.
_OURS: Final = frozenset(
    {
        "from", "sender", "to", "cc", "bcc", "reply-to", "subject", "date", "message-id",
        "in-reply-to", "references", "mime-version", "return-path", "received", "dkim-signature",
        "authentication-results",
    }
)  # fmt: skip
_MOST_REFERENCES: Final = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """A mail with its envelope. `utf8` says that it needs SMTPUTF8."""

    message_id: str
    sender: str
    recipients: tuple[str, ...]
    content: bytes
    utf8: bool


def composed(mail: Mail, from_address: str, salt: str) -> Composed:
    """Put a mail together. Raises ServiceRefused where a part of it can't be sent.

    The Message-ID follows from the idempotency key and `salt`: a mail that is sent again is known
    by it, and nobody can guess the key.
    """
    _check(mail)
    sender = checked(mail.sender or Address(email=from_address), "From")
    to, cc, bcc, reply_to = (
        [checked(one, name) for one in given]
        for name, given in (
            ("To", mail.to), ("Cc", mail.cc), ("Bcc", mail.bcc), ("Reply-To", mail.reply_to)
        )
    )  # fmt: skip
    recipients = tuple(dict.fromkeys(envelope(one) for one in (*to, *cc, *bcc)))
    if not recipients:
        raise ServiceRefused("The mail has no recipient.")
    # Names and files need no SMTPUTF8: they are encoded. Addresses can't be.
    shown = [envelope(one) for one in (sender, *to, *cc, *reply_to)]
    utf8 = needs_smtputf8((*shown, *recipients))
    # Bodies in 7 bits: not every server on the way takes 8.
    message = EmailMessage(policy=(SMTPUTF8 if utf8 else SMTP).clone(cte_type="7bit"))
    people = {"From": [sender], "To": to, "Cc": cc, "Reply-To": reply_to}
    for name, value in people.items():
        if value:
            message[name] = value
    message_id = message_id_of(mail.idempotency_key, salt, sender)
    _add_headers(message, mail, message_id)
    _add_bodies(message, mail)
    return Composed(
        message_id=message_id,
        sender=envelope(sender),
        recipients=recipients,
        content=message.as_bytes(),
        utf8=utf8,
    )


def message_id_of(key: str, salt: str, sender: HeaderAddress) -> str:
    """Give the Message-ID of the mail with an idempotency key."""
    digest = hashlib.sha256(f"{salt}\n{key}".encode()).hexdigest()[:40]
    return f"<{digest}@{sender.domain}>"


def _check(mail: Mail) -> None:
    if mail.template:
        raise ServiceRefused("A mail server has no templates: give text or HTML.")
    if not mail.text and not mail.html:
        raise ServiceRefused("The mail is empty: give text or HTML.")
    for one in (*mail.references, *filter(None, (mail.in_reply_to,))):
        if not _ID.fullmatch(one):
            raise ServiceRefused(f"{one!r} is no Message-ID such as '<abc@example.com>'.")


def _add_headers(message: EmailMessage, mail: Mail, message_id: str) -> None:
    headers = {
        "Subject": mail.subject,
        "Date": format_datetime(datetime.now(UTC)),
        "Message-ID": message_id,
        "In-Reply-To": mail.in_reply_to,
        "References": " ".join(mail.references[-_MOST_REFERENCES:]),
    }
    for name, value in (*headers.items(), *_further(mail)):
        if value:
            _set(message, name, value)


def _further(mail: Mail) -> Iterator[tuple[str, str]]:
    for name, value in mail.headers.items():
        known = name.lower()
        if not _HEADER.fullmatch(name) or known in _OURS or known.startswith("content-"):
            raise ServiceRefused(f"The header {name!r} can't be set.")
        yield name, value


def _set(message: EmailMessage, name: str, value: str) -> None:
    try:
        message[name] = value
    except ValueError as error:
        # A line break would begin a header of an attacker's choice.
        raise ServiceRefused(f"{name}: a header is one line.") from error


def _add_bodies(message: EmailMessage, mail: Mail) -> None:
    if mail.text:
        message.set_content(mail.text, charset="utf-8")
    if mail.html and mail.text:
        message.add_alternative(mail.html, subtype="html", charset="utf-8")
    elif mail.html:
        message.set_content(mail.html, subtype="html", charset="utf-8")
    for one in mail.files:
        if one.content_id and mail.html:
            _add_inline(message, one)
        else:
            _add_file(message, one)


def _add_inline(message: EmailMessage, file: MailFile) -> None:
    if not _CONTENT_ID.fullmatch(file.content_id):
        raise ServiceRefused(f"{file.content_id!r} is no content id.")
    page = message.get_body(("html",))
    if not isinstance(page, EmailMessage):
        raise ServiceRefused("There is no HTML to show a file in.")
    kind, _, sub = _type(file).partition("/")
    page.add_related(
        file.content, kind, sub, cid=f"<{file.content_id}>", filename=_name(file),
        disposition="inline",
    )  # fmt: skip


def _add_file(message: EmailMessage, file: MailFile) -> None:
    kind, _, sub = _type(file).partition("/")
    message.add_attachment(file.content, kind, sub, filename=_name(file))


def _type(file: MailFile) -> str:
    """Give the media type; a whole mail or several parts in one would have to be unpacked here."""
    fits = _TYPE.fullmatch(file.media_type)
    wrapped = file.media_type.lower().startswith(("multipart/", "message/"))
    return file.media_type if fits and not wrapped else "application/octet-stream"


def _name(file: MailFile) -> str:
    return _UNSEEN.sub("_", file.name)[:200] or "file"
