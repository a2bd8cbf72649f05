"""From the bytes of a mail to the contract's ReceivedMail, whatever is broken in it.

Mail in the wild has headers that no parser takes, charsets that don't exist and dates of no
calendar: each fault is named, and the rest of the mail is given all the same.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header
from email.message import EmailMessage, Message
from email.parser import BytesHeaderParser
from email.policy import default
from email.utils import getaddresses, parsedate_to_datetime
from typing import Final

from extensions.sdk.capabilities.email import Address, ReceivedMail

from .charsets import decoded, tidy
from .parts import Content, content_of

# What the parsers of the standard library raise over mail that was broken on purpose.
BROKEN: Final = (
    MessageError, ValueError, LookupError, AttributeError, TypeError, AssertionError,
    RecursionError,
)  # fmt: skip
_ID: Final = re.compile(r"<[^<>\s]{1,300}>")
_EMAIL: Final = re.compile(r"[^\s<>,;:\"()]{1,200}@[^\s<>,;:\"()]{1,200}")
_MOST_ALIKE: Final = 20
_MOST_ADDRESSES: Final = 200
_MOST_IDS: Final = 50
_LONGEST: Final = 1_000
_ROBOTS: Final = frozenset({"bulk", "junk", "list", "auto_reply"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """One mail as the server gave it. `partial` says that `raw` is its beginning only."""

    id: str
    raw: bytes
    size: int
    received_at: datetime | None
    seen: bool
    partial: bool


def parsed(mail: Fetched) -> ReceivedMail:
    """Read a mail; never fails."""
    faults: list[str] = []
    message = _message(mail.raw, faults)
    content = _content(message, mail, faults)
    headers = _Headers(message, faults)
    sent_at = headers.date()
    senders = headers.addresses("From") or headers.addresses("Sender")
    return ReceivedMail(
        id=mail.id,
        message_id=next(iter(headers.ids("Message-ID")), ""),
        subject=headers.text("Subject"),
        received_at=mail.received_at or sent_at or datetime.fromtimestamp(0, UTC),
        size=mail.size,
        sent_at=sent_at,
        sender=next(iter(senders), None),
        to=headers.addresses("To"),
        cc=headers.addresses("Cc"),
        reply_to=headers.addresses("Reply-To"),
        in_reply_to=next(iter(headers.ids("In-Reply-To")), ""),
        references=headers.ids("References"),
        text=content.text,
        html=content.html,
        files=content.files,
        seen=mail.seen,
        cut=content.cut or mail.partial,
        automatic=headers.is_automatic(),
        faults=tuple(dict.fromkeys(faults)),
    )


def _message(raw: bytes, faults: list[str]) -> EmailMessage:
    try:
        return message_from_bytes(raw, policy=default)
    except BROKEN:
        faults.append("its parts can't be read")
    return BytesHeaderParser(policy=default).parsebytes(raw, headersonly=True)


def _content(message: EmailMessage, mail: Fetched, faults: list[str]) -> Content:
    if mail.partial:
        faults.append("it is too large: only its beginning was read")
    try:
        return content_of(message, faults, partial=mail.partial)
    except BROKEN:
        faults.append("its parts can't be read")
        return Content()


class _Headers:
    """The headers of a mail, each read as well as it can be."""

    def __init__(self, message: Message, faults: list[str]) -> None:
        # By hand: looking one up in the message parses it, which broken ones make fail.
        self._raw: dict[str, list[str]] = {}
        for name, value in message.raw_items():
            alike = self._raw.setdefault(name.lower(), [])
            if len(alike) < _MOST_ALIKE:
                alike.append(_unfolded(str(value)))
        self._faults = faults

    def first(self, name: str) -> str:
        """Give a header as it stands, "" where there is none."""
        return next(iter(self._raw.get(name.lower(), ())), "")

    def text(self, name: str) -> str:
        """Give a header for people."""
        return tidy(self._words(name, self.first(name)))[:_LONGEST]

    def addresses(self, name: str) -> tuple[Address, ...]:
        """Give the addresses of a header, groups taken apart."""
        found = self._raw.get(name.lower(), [])
        pairs = _pairs(found)
        known: dict[str, Address] = {}
        for label, email in pairs[:_MOST_ADDRESSES]:
            bare = tidy(decoded_bytes(email)).strip()[:320]
            if "@" in bare:
                known.setdefault(bare, Address(email=bare, name=self._name(name, label)))
        if any(found) and not known:
            self._faults.append(f"{name} can't be read")
        return tuple(known.values())

    def ids(self, name: str) -> tuple[str, ...]:
        """Give the Message-IDs in a header, the oldest first."""
        found = [one for text in self._raw.get(name.lower(), ()) for one in _ID.findall(text)]
        return tuple(tidy(one) for one in found[-_MOST_IDS:])

    def date(self) -> datetime | None:
        """Give when the mail says that it was sent; None where it does not."""
        text = self.first("Date")
        try:
            found = parsedate_to_datetime(text)
            # "-0000": a time in UTC that says nothing of the sender's zone (RFC 5322, 3.3).
            return found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
        except (*BROKEN, OverflowError):
            self._faults.append("Date can't be read" if text else "it has no Date")
            return None

    def is_automatic(self) -> bool:
        """Say whether a machine sent it (RFC 3834, 2; RFC 2919; RFC 3464)."""
        auto = self.first("Auto-Submitted").partition(";")[0].strip().lower()
        robot = self.first("Precedence").strip().lower() in _ROBOTS
        report = self.first("Content-Type").lower().startswith("multipart/report")
        bounced = self.first("Return-Path").strip() == "<>"
        listed = "list-id" in self._raw
        return auto not in {"", "no"} or robot or report or bounced or listed

    def _name(self, header: str, label: str) -> str:
        return tidy(self._words(header, label)).strip()[:200]

    def _words(self, name: str, text: str) -> str:
        """Decode encoded words (RFC 2047), which may name charsets that don't exist."""
        try:
            parts = decode_header(text)
        except BROKEN:
            self._faults.append(f"{name} can't be read")
            return decoded_bytes(text)
        return "".join(self._word(name, part, charset) for part, charset in parts)

    def _word(self, name: str, part: str | bytes, charset: str | None) -> str:
        if isinstance(part, str):
            return decoded_bytes(part)
        found = decoded(part, charset or "")
        if not found.as_declared and charset:
            self._faults.append(f"{name} is not in {tidy(charset)[:40]}, as it says")
        return found.text


def decoded_bytes(text: str) -> str:
    """Read bytes beyond ASCII, which the parser keeps as surrogates."""
    raw = text.encode("utf-8", "surrogateescape") if _is_escaped(text) else text.encode(
        "utf-8", "replace"
    )  # fmt: skip
    return decoded(raw, "").text


def _is_escaped(text: str) -> bool:
    try:
        text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False
    return True


def _pairs(values: Sequence[str]) -> list[tuple[str, str]]:
    try:
        found = getaddresses(list(values))
    except BROKEN:
        found = []
    return [pair for pair in found if pair[1]] or _bare(values)


def _bare(values: Iterable[str]) -> list[tuple[str, str]]:
    """Find addresses in what is no list of them."""
    return [("", one) for text in values for one in _EMAIL.findall(text[:10_000])]


def _unfolded(value: str) -> str:
    return re.sub(r"\r?\n(?=[ \t])|[\r\n]", "", value)[:20_000]
