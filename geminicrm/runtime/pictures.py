"""Pictures by their bytes: kind and size, read off the header.

Written here and not taken from Pillow: nothing of a picture is decoded, so a hundred lines do
without 10 MiB of decoders in C that would be given the bytes of strangers.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

PNG: Final = b"\x89PNG\r\n\x1a\n"
_JPEG: Final = b"\xff\xd8\xff"
_FRAMES: Final = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_ALONE: Final = frozenset({0x01, *range(0xD0, 0xD8)})
_MOST_SEGMENTS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Picture:
    """What a picture is; width and height in pixels."""

    media_type: str
    width: int
    height: int


def measure(content: bytes) -> Picture | None:
    """Tell kind and size of a PNG, JPEG or WebP; None for anything else, or a broken header."""
    readers: tuple[tuple[bool, str, Callable[[bytes], tuple[int, int] | None]], ...] = (
        (content.startswith(PNG), "image/png", _png),
        (content.startswith(_JPEG), "image/jpeg", _jpeg),
        (content[:4] == b"RIFF" and content[8:12] == b"WEBP", "image/webp", _webp),
    )
    for fits, media_type, read in readers:
        if fits:
            size = read(content)
            return Picture(media_type, *size) if size and min(size) > 0 else None
    return None


def _png(content: bytes) -> tuple[int, int] | None:
    # RFC 2083, 4.1.1: the first chunk is IHDR, with width and height first.
    if content[12:16] != b"IHDR" or len(content) < len(PNG) + 25:
        return None
    return _big(content[16:20]), _big(content[20:24])


def _jpeg(content: bytes) -> tuple[int, int] | None:
    # ITU T.81, B.1: segments of a marker and a length, until the frame header tells the size.
    at = 2
    for _ in range(_MOST_SEGMENTS):
        marker = content[at : at + 2]
        if len(marker) < len(b"ff") or marker[0] != 0xFF:  # noqa: PLR2004 - every marker starts so
            return None
        if marker[1] in _ALONE or marker[1] == 0xFF:  # noqa: PLR2004 - a fill byte
            at += 1 if marker[1] not in _ALONE else 2
            continue
        if marker[1] in _FRAMES:
            frame = content[at + 5 : at + 9]
            return (_big(frame[2:]), _big(frame[:2])) if len(frame) == len(b"hhww") else None
        at += 2 + max(_big(content[at + 2 : at + 4]), 2)
    return None


def _webp(content: bytes) -> tuple[int, int] | None:
    # RFC 9649, 2.5 to 2.7.
    kind, data = content[12:16], content[20:30]
    if len(data) < len(b"a header  "):
        return None
    if kind == b"VP8 " and data[3:6] == b"\x9d\x01\x2a":
        return _little(data[6:8]) & 0x3FFF, _little(data[8:10]) & 0x3FFF
    if kind == b"VP8L" and data[:1] == b"\x2f":
        bits = _little(data[1:5])
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8X":
        return _little(data[4:7]) + 1, _little(data[7:10]) + 1
    return None


def _big(data: bytes) -> int:
    return int.from_bytes(data, "big")


def _little(data: bytes) -> int:
    return int.from_bytes(data, "little")
