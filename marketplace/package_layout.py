"""How a zip is laid out: every byte belongs to one entry, and both of its lists agree.

A zip tells of each entry twice, in front of its data and in the list at the end, and readers differ
in which they believe and in what they do with bytes between. A package that could be read in two
ways is refused, so that what was checked is what is unpacked. The form is APPNOTE.TXT 6.3.10 of
PKWARE: local headers 4.3.7, data descriptors 4.3.9, the central directory 4.3.12, its end 4.3.16.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from geminicrm.kernel.errors import Finding

_LOCAL: Final = struct.Struct("<4s5H3I2H")
_CENTRAL: Final = struct.Struct("<4s6H3I5H2I")
_END: Final = struct.Struct("<4s4H2IH")
_LOCAL_MARK: Final = b"PK\x03\x04"
_CENTRAL_MARK: Final = b"PK\x01\x02"
_END_MARK: Final = b"PK\x05\x06"
_DESCRIPTOR_MARK: Final = b"PK\x07\x08"
_LONG: Final = 0xFFFFFFFF
_MANY: Final = 0xFFFF
_STREAMED: Final = 0x0008
# Of the flags both lists must agree on: encryption, descriptor, names in UTF-8, masked headers.
_FLAGS: Final = 0x2849
_ZIP64: Final = 0x0001
_OTHER_NAME: Final = 0x7075
_STORED, _DEFLATED = 0, 8
_SHOWN: Final = 100


@dataclass(frozen=True, slots=True)
class Placed:
    """One entry and where its data lies; sizes in bytes."""

    name: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    start: int
    data: int
    end: int


class Misplaced(Exception):
    """The archive can be read in more than one way; `finding` says where."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.finding = Finding("", code, message)


def placed_entries(data: bytes) -> list[Placed]:
    """Give every entry in the order of the list; Misplaced for whatever is not as it should be."""
    start, count = _list_of(data)
    found = list(_central(data, start, count))
    at = 0
    for one in sorted(found, key=lambda each: each.start):
        if one.start < at:
            raise Misplaced("overlap", f"{_shown(one.name)} shares bytes with another entry.")
        if one.start > at:
            raise _hidden(at, one.start)
        at = one.end
    if at != start:
        raise (
            _hidden(at, start)
            if at < start
            else Misplaced("overlap", "An entry shares bytes with the list of entries.")
        )
    return found


def content_of(data: bytes, entry: Placed) -> bytes:
    """Unpack an entry, never more than it says; Misplaced where its size or checksum lies."""
    packed = data[entry.data : entry.data + entry.packed]
    content = packed if entry.method == _STORED else _inflate(packed, entry)
    if len(content) != entry.size or zlib.crc32(content) != entry.crc:
        raise Misplaced(
            "wrong_size", f"{_shown(entry.name)} does not unpack to the size or checksum it says."
        )
    return content


def _inflate(packed: bytes, entry: Placed) -> bytes:
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    content = unpacker.decompress(packed, entry.size + 1)
    if not unpacker.eof or unpacker.unused_data or unpacker.unconsumed_tail:
        raise Misplaced(
            "wrong_size", f"{_shown(entry.name)} has more or less packed data than it says."
        )
    return content


def _list_of(data: bytes) -> tuple[int, int]:
    """Read the very end: where the list of entries begins, and how many it has."""
    if len(data) < _END.size or not data.startswith((_LOCAL_MARK, _END_MARK)):
        raise Misplaced("not_a_zip", "The package is not a zip file.")
    place = len(data) - _END.size
    mark, disk, first, here, count, size, start, comment = _END.unpack_from(data, place)
    if mark != _END_MARK:
        if not 0 <= data.rfind(_END_MARK, max(0, place - _MANY)) < place:
            raise Misplaced("not_a_zip", "The package has no end: it is cut off, or no zip file.")
        raise Misplaced("hidden_data", "The zip is followed by other bytes, or by a comment.")
    if comment:
        raise Misplaced("wrong_comment", "The zip says that a comment follows, and none does.")
    if _MANY in {disk, first, here, count} or _LONG in {size, start}:
        raise Misplaced("zip64", "The zip uses its long form, which none of this size needs.")
    if disk or first or here != count:
        raise Misplaced("not_a_zip", "The zip is one part of several: send it in one piece.")
    if start + size != place:
        raise Misplaced("hidden_data", "There are bytes around the zip's list of entries.")
    return start, count


def _central(data: bytes, start: int, count: int) -> Iterator[Placed]:
    at, end = start, len(data) - _END.size
    for _ in range(count):
        if at + _CENTRAL.size > end or data[at : at + 4] != _CENTRAL_MARK:
            raise Misplaced("disagreement", "The zip's list has fewer entries than it says.")
        head = _CENTRAL.unpack_from(data, at)
        flags, method, crc, packed, size = head[3], head[4], *head[7:10]
        name, extra, note, disk, local = *head[10:14], head[16]
        after = at + _CENTRAL.size + name + extra + note
        title = data[at + _CENTRAL.size : at + _CENTRAL.size + name]
        if after > end or disk:
            raise Misplaced("disagreement", f"The zip's list is broken at {_shown(title)}.")
        _refuse_extra(data[at + _CENTRAL.size + name : after - note], title)
        if _LONG in {packed, size, local}:
            raise _long(title)
        yield _local(data, Placed(title, flags, method, crc, packed, size, local, 0, 0), start)
        at = after
    if at != end:
        raise Misplaced("disagreement", "The zip's list has more entries than it says.")


def _local(data: bytes, said: Placed, limit: int) -> Placed:
    """Compare an entry of the list with what stands before its data."""
    at = said.start
    if at + _LOCAL.size > limit or data[at : at + 4] != _LOCAL_MARK:
        raise Misplaced("disagreement", f"{_shown(said.name)} is not where the zip's list says.")
    _, _, flags, method, _, _, crc, packed, size, name, extra = _LOCAL.unpack_from(data, at)
    title = data[at + _LOCAL.size : at + _LOCAL.size + name]
    begin = at + _LOCAL.size + name + extra
    _refuse_extra(data[begin - extra : begin], said.name)
    streamed = bool(said.flags & _STREAMED)
    known = (crc, packed, size) == (said.crc, said.packed, said.size)
    untold = streamed and (crc, packed, size) == (0, 0, 0)
    same = (title, method, flags & _FLAGS) == (said.name, said.method, said.flags & _FLAGS)
    if not same or not (known or untold):
        raise Misplaced(
            "disagreement",
            f"{_shown(said.name)} is called, packed or measured otherwise in the zip's list.",
        )
    end = begin + said.packed
    end = _after_descriptor(data, said, end) if streamed else end
    if end > limit:
        raise Misplaced("overlap", f"{_shown(said.name)} reaches into the zip's list of entries.")
    return Placed(
        said.name, said.flags, said.method, said.crc, said.packed, said.size, at, begin, end
    )


def _after_descriptor(data: bytes, said: Placed, end: int) -> int:
    """Step over the sizes that stand behind data written as a stream; its mark is optional."""
    sizes = struct.pack("<3I", said.crc, said.packed, said.size)
    for form in (_DESCRIPTOR_MARK + sizes, sizes):
        if data[end : end + len(form)] == form:
            return end + len(form)
    raise Misplaced("disagreement", f"The sizes behind {_shown(said.name)} are not its own.")


def _refuse_extra(extra: bytes, title: bytes) -> None:
    at = 0
    while at + 4 <= len(extra):
        kind, size = struct.unpack_from("<2H", extra, at)
        if kind == _ZIP64:
            raise _long(title)
        if kind == _OTHER_NAME:
            raise Misplaced("disagreement", f"{_shown(title)} has a second name.")
        at += 4 + size


def _long(title: bytes) -> Misplaced:
    return Misplaced("zip64", f"{_shown(title)} uses the long form, which none of its size needs.")


def _hidden(start: int, end: int) -> Misplaced:
    return Misplaced(
        "hidden_data", f"The {end - start} bytes at {start} of the package belong to no entry."
    )


def _shown(title: bytes) -> str:
    return repr(title[:_SHOWN].decode("utf-8", "replace"))
