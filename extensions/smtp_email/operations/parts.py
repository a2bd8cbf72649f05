"""The parts of a mail: what is read, and what is kept as files, up to a limit."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from email.message import Message
from typing import Final

from extensions.sdk.capabilities.email import MailFile

from .charsets import decoded, tidy

MOST_TEXT: Final = 200_000
MOST_HTML: Final = 500_000
MOST_FILES: Final = 50
MOST_FILE_BYTES: Final = 4 * 1024 * 1024
_MOST_PARTS: Final = 500
_UNSEEN: Final = re.compile(r"[\x00-\x1f\x7f/\\]")
_LOST: Final = "\ufffd"
_NAMING: Final = frozenset({"content-disposition", "content-type"})
_RAW_NAME: Final = re.compile(r'\b(?:file)?name="?([^";\r\n]{1,300})', re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a mail says."""

    text: str = ""
    html: str = ""
    files: tuple[MailFile, ...] = ()
    cut: bool = False


def content_of(message: Message, faults: list[str], *, partial: bool) -> Content:
    """Read the parts; of a mail that is `partial` no file is whole."""
    texts: dict[str, list[str]] = {"plain": [], "html": []}
    files: list[MailFile] = []
    for part in _leaves(message, faults):
        kind = part.get_content_subtype()
        if is_text(part) and kind in texts:
            texts[kind].append(_text(part, faults))
        elif len(files) < MOST_FILES:
            files.append(_file(part, partial=partial))
        else:
            faults.append(f"it has more than {MOST_FILES} files")
    text, html = "\n".join(texts["plain"]), "\n".join(texts["html"])
    return Content(
        text=text[:MOST_TEXT],
        html=html[:MOST_HTML],
        files=tuple(files),
        cut=len(text) > MOST_TEXT or len(html) > MOST_HTML,
    )


def _leaves(message: Message, faults: list[str]) -> Iterator[Message]:
    """Give the parts that hold something; a mail inside of the mail is one of them.

    By a list of our own, not by recursion: parts may be nested as deep as a sender likes.
    """
    waiting, seen = [message], 0
    while waiting:
        part = waiting.pop(0)
        seen += 1
        if seen > _MOST_PARTS:
            faults.append(f"it has more than {_MOST_PARTS} parts")
            return
        inner = part.get_payload()
        if part.get_content_maintype() == "multipart" and isinstance(inner, list):
            waiting[:0] = [one for one in inner if isinstance(one, Message)]
        elif part.get_content_maintype() != "multipart":
            yield part


def is_text(part: Message) -> bool:
    """Tell whether a part is text to be read, not a file."""
    named = part.get_content_disposition() == "attachment" or part.get_filename()
    return part.get_content_maintype() == "text" and not named


def _text(part: Message, faults: list[str]) -> str:
    raw = part.get_payload(decode=True)
    charset = str(part.get_param("charset") or "")
    found = decoded(raw if isinstance(raw, bytes) else b"", charset)
    if charset and not found.as_declared:
        faults.append(f"its text is not in {tidy(charset)[:40]}, as it says")
    return tidy(found.text.replace("\r\n", "\n"))


def named_file(part: Message) -> MailFile:
    """Give what the head of a part says of its file, without content."""
    content_id = str(part.get("Content-ID") or "").strip().strip("<>")
    return MailFile(
        name=_name(part),
        content=b"",
        media_type=part.get_content_type(),
        content_id=tidy(content_id)[:200],
    )


def _file(part: Message, *, partial: bool) -> MailFile:
    content = _bytes(part)
    left_out = partial or len(content) > MOST_FILE_BYTES
    kept = b"" if left_out else content
    return replace(named_file(part), content=kept, size=len(content), left_out=left_out)


def _bytes(part: Message) -> bytes:
    inner = part.get_payload()
    if isinstance(inner, list):  # message/rfc822: a mail of its own
        return b"".join(one.as_bytes() for one in inner[:1] if isinstance(one, Message))
    raw = part.get_payload(decode=True)
    return raw if isinstance(raw, bytes) else b""


def _name(part: Message) -> str:
    fallback = "mail.eml" if part.get_content_maintype() == "message" else "file"
    name = part.get_filename() or ""
    if _LOST in name:
        name = _eight_bit_name(part) or name
    # No path: what a sender calls a file must not lead anywhere.
    return _UNSEEN.sub("_", tidy(name))[:200].strip(". ") or fallback


def _eight_bit_name(part: Message) -> str:
    """Read a name that stands in its header as bytes of some charset, as no standard allows."""
    for header, value in part.raw_items():
        found = _RAW_NAME.search(str(value)) if header.lower() in _NAMING else None
        if found is not None:
            return decoded(found[1].encode("utf-8", "surrogateescape"), "").text
    return ""
