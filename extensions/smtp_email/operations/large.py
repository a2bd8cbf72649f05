"""Files of a mail that is too large to be parsed whole: each by its section, in pieces.

A parser holds a mail about ten times over; this holds what it gives, and a piece (RFC 9051, 6.4.5).
"""

import binascii
import quopri
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, Final

from imapclient.exceptions import IMAPClientAbortError, IMAPClientError

from extensions.sdk.capabilities.email import MailFile, ReceivedMail

from .imap import Folder
from .parsing import BROKEN
from .parts import MOST_FILES, is_text, named_file

MOST_BYTES: Final = 25_000_000
PIECE_BYTES: Final = 768 * 1024
SECONDS: Final = 25.0
_HEAD_BYTES: Final = 16 * 1024
# So far into a mail its text was read with the beginning, whatever the heads of parts take.
_READ_TEXT: Final = 200 * 1024
_DEEPEST: Final = 20
_MOST_LEAVES: Final = 200
_NO_BASE64: Final = re.compile(rb"[^A-Za-z0-9+/]+")
_GROUP: Final = 4
# Of a line of base64, 57 bytes become 76 characters and a line end.
_BASE64_SHARE: Final = 57 / 78
_SLACK: Final = 100  # bytes: its last line is shorter


@dataclass(frozen=True, slots=True)
class Leaf:
    """A part that holds something: its section number, and its encoded size in bytes."""

    section: str
    size: int


def with_files(folder: Folder, uid: int, mail: ReceivedMail) -> ReceivedMail:
    """Give a mail, of which the beginning was read, with its files, as far as limits let them in.

    What does not fit, or takes longer than `SECONDS` in all, is named and left out. A mail whose
    structure nobody understands stays as it is: it must not keep the mailbox from being read.
    """
    try:
        leaves = tuple(_leaves(folder.structure(uid), ""))[:_MOST_LEAVES]
        reader = _Reader(folder, uid)
        files = tuple(file for leaf in leaves for file in reader.files(leaf))[:MOST_FILES]
    except IMAPClientAbortError:
        raise
    except (IMAPClientError, *BROKEN):
        return mail
    return replace(mail, files=files, cut=reader.text_ends > _READ_TEXT) if leaves else mail


def _leaves(body: Any, section: str, depth: int = 0) -> Iterator[Leaf]:
    """Walk a BODYSTRUCTURE (RFC 9051, 7.5.2); a mail of one part alone has none to fetch."""
    if depth > _DEEPEST or not body:
        return
    if isinstance(body[0], list):
        for number, one in enumerate(body[0], 1):
            yield from _leaves(one, f"{section}.{number}" if section else str(number), depth + 1)
    elif section:
        size = body[6] if len(body) > 6 and isinstance(body[6], int) else 0  # noqa: PLR2004 - body-fld-octets
        yield Leaf(section, size)


class _Reader:
    """Reads files until their limits are reached."""

    def __init__(self, folder: Folder, uid: int) -> None:
        self._folder = folder
        self._uid = uid
        self._left = MOST_BYTES
        self._ends = time.monotonic() + SECONDS
        self._at = 0
        self.text_ends = 0

    def files(self, leaf: Leaf) -> Iterator[MailFile]:
        """Give the file of a part; none where it is text to be read."""
        self._at += leaf.size
        raw = self._folder.section(self._uid, f"{leaf.section}.MIME", 0, _HEAD_BYTES)
        head = message_from_bytes(raw or b"", policy=default)
        if is_text(head):
            self.text_ends = self._at
            return
        file = named_file(head)
        encoding = _encoding(head)
        expected = int(leaf.size * _BASE64_SHARE) if encoding == "base64" else leaf.size
        fits = expected - _SLACK <= self._left
        content = self._content(leaf, encoding) if fits else None
        if content is None or len(content) > self._left:
            yield replace(file, size=expected, left_out=True)
            return
        self._left -= len(content)
        yield replace(file, content=content, size=len(content))

    def _content(self, leaf: Leaf, encoding: str) -> bytes | None:
        """Give what is in a part; None where time does not suffice."""
        whole, rest = bytearray(), b""
        for piece in self._pieces(leaf):
            if piece is None:
                return None
            if encoding != "base64":
                whole += piece
                continue
            clean = rest + _NO_BASE64.sub(b"", piece)
            even = len(clean) - len(clean) % _GROUP
            whole += binascii.a2b_base64(clean[:even])
            rest = clean[even:]
        whole += _last(rest)
        return quopri.decodestring(bytes(whole)) if encoding == "quoted-printable" else bytes(whole)

    def _pieces(self, leaf: Leaf) -> Iterator[bytes | None]:
        for start in range(0, leaf.size, PIECE_BYTES):
            if time.monotonic() > self._ends:
                yield None
                return
            length = min(PIECE_BYTES, leaf.size - start)
            yield self._folder.section(self._uid, leaf.section, start, length)


def _encoding(head: EmailMessage) -> str:
    return str(head.get("Content-Transfer-Encoding") or "").strip().lower()


def _last(rest: bytes) -> bytes:
    """Decode what is left at the end: its padding was taken out, or a mail program forgot it."""
    return binascii.a2b_base64(rest + b"=" * (_GROUP - len(rest))) if len(rest) > 1 else b""
