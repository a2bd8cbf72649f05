"""Packages that are wrong in every way we know, each with the code of the finding it must get."""

import io
import random
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from tests.support.life import files

GOOD: Final = files()
_STORED, _DEFLATED = 0, 8
_FILE: Final = (stat.S_IFREG | 0o644) << 16


@dataclass(frozen=True, kw_only=True)
class Raw:
    """An entry written byte by byte; what is None is told as it is."""

    name: bytes
    content: bytes = b""
    method: int = _DEFLATED
    flags: int = 0
    attributes: int = _FILE
    size: int | None = None
    crc: int | None = None
    packed: bytes | None = None
    local_name: bytes | None = None
    local_size: int | None = None
    local_extra: bytes = b""
    central_extra: bytes = b""
    comment: bytes = b""
    before: bytes = b""
    behind: bytes = b""
    told_packed: int | None = None
    told_start: int | None = None
    disk: int = 0

    def data(self) -> bytes:
        """Give what lies in the archive."""
        if self.packed is not None:
            return self.packed
        if self.method == _STORED:
            return self.content
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        return packer.compress(self.content) + packer.flush()


def archive(entries: Sequence[Raw], **end: Any) -> bytes:
    """Write an archive; `end` changes what its end says, `tail` comes behind it."""
    made, listed = b"", b""
    for one in entries:
        data, start = one.data(), len(made) + len(one.before)
        told = _told(one, data)
        name = one.local_name if one.local_name is not None else one.name
        sizes = (told[0], told[1], one.local_size if one.local_size is not None else told[2])
        made += one.before
        made += struct.pack("<4s5H3I2H", b"PK\x03\x04", 20, one.flags, one.method, 0, 33,
                            *sizes, len(name), len(one.local_extra))  # fmt: skip
        made += name + one.local_extra + data + one.behind
        place = start if one.told_start is None else one.told_start
        listed += struct.pack("<4s6H3I5H2I", b"PK\x01\x02", 788, 20, one.flags, one.method, 0, 33,
                              *told, len(one.name), len(one.central_extra), len(one.comment),
                              one.disk, 0, one.attributes, place)  # fmt: skip
        listed += one.name + one.central_extra + one.comment
    facts = {"disk": 0, "here": len(entries), "count": len(entries), "size": len(listed),
             "start": len(made), "comment": 0, "between": b"", "tail": b"", **end}  # fmt: skip
    last = struct.pack("<4s4H2IH", b"PK\x05\x06", facts["disk"], facts["disk"], facts["here"],
                       facts["count"], facts["size"], facts["start"], facts["comment"])  # fmt: skip
    return bytes(made + listed + facts["between"] + last + facts["tail"])


def _told(one: Raw, data: bytes) -> tuple[int, int, int]:
    crc = zlib.crc32(one.content) if one.crc is None else one.crc
    size = len(one.content) if one.size is None else one.size
    packed = len(data) if one.told_packed is None else one.told_packed
    return crc, packed, size


def good(*more: Raw, **end: Any) -> bytes:
    """Give the good package with more entries behind the others."""
    kept = [Raw(name=name.encode(), content=content) for name, content in GOOD.items()]
    return archive([*kept, *more], **end)


def plain(**more: bytes) -> bytes:
    """Pack the good files and more of them as zipfile does."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, content in {**GOOD, **more}.items():
            zipped.writestr(name, content)
    return made.getvalue()


def _named(name: str) -> bytes:
    return good(Raw(name=name.encode(), content=b"x", flags=0x0800))


def _overlapping() -> bytes:
    """Write an entry inside the data of another, as the tightest bombs do (Fifield, 2019)."""
    inner = Raw(name=b"static/b.txt", content=b"b", method=_STORED)
    whole = archive([inner])
    (listed,) = struct.unpack_from("<I", whole, len(whole) - 6)
    outer = Raw(name=b"static/a.txt", content=whole[:listed], method=_STORED)
    (start,) = struct.unpack_from("<I", good(), len(good()) - 6)
    place = start + struct.calcsize("<4s5H3I2H") + len(outer.name)
    return good(outer, replace(inner, told_start=place))


def _zip64(kind: str) -> bytes:
    extra = struct.pack("<2HQQ", 1, 16, 5, 5)
    told = {
        "extra": Raw(name=b"static/a.txt", content=b"12345", central_extra=extra),
        "local": Raw(name=b"static/a.txt", content=b"12345", local_extra=extra),
        "sizes": Raw(name=b"static/a.txt", content=b"12345", size=0xFFFFFFFF,
                     central_extra=extra),
    }  # fmt: skip
    return good(told[kind])


def _crowd() -> bytes:
    """Give many entries, each within the ratio, all of them together far beyond the limit."""
    block = random.Random(1).randbytes(5_000) * 200  # noqa: S311 - bytes that pack 100 times
    return plain(**{f"static/{number}.txt": block for number in range(106)})


def _descriptor(*, right: bool) -> bytes:
    content = b"streamed"
    entry = Raw(name=b"static/a.txt", content=content, flags=0x0008)
    sizes = (zlib.crc32(content), len(entry.data()), len(content) if right else 7)
    return good(
        Raw(
            name=b"static/a.txt",
            content=content,
            flags=0x0008,
            behind=b"PK\x07\x08" + struct.pack("<3I", *sizes),
        )
    )


def _text(content: bytes = b"x", **told: Any) -> bytes:
    """Give the good package with one more entry that tells something wrong."""
    return good(Raw(name=b"a.txt", content=content, **told))


HOSTILE: Final[Mapping[str, tuple[Callable[[], bytes], str]]] = {
    "empty": (lambda: b"", "not_a_zip"),
    "text": (lambda: b"hello", "not_a_zip"),
    "cut off": (lambda: good()[:-30], "not_a_zip"),
    "program before it": (lambda: b"#!/bin/sh\n" + good(), "not_a_zip"),
    "bytes behind it": (lambda: good(tail=b"more"), "wrong_comment"),
    "second zip behind it": (lambda: good() + good(), "hidden_data"),
    "bytes before its list": (lambda: good(Raw(name=b"static/a.txt", behind=b"!!")), "hidden_data"),
    "bytes behind its list": (lambda: good(between=b"!!"), "hidden_data"),
    "bytes between entries": (lambda: good(Raw(name=b"static/a.txt", before=b"!!")), "hidden_data"),
    "comment that is no signature": (lambda: good(comment=4, tail=b"note"), "wrong_comment"),
    "comment that is not there": (lambda: good(comment=4), "wrong_comment"),
    "several disks": (lambda: good(disk=1), "not_a_zip"),
    "entry on another disk": (lambda: good(Raw(name=b"static/a.txt", disk=2)), "disagreement"),
    "fewer entries than told": (lambda: good(count=40, here=40), "disagreement"),
    "more entries than told": (lambda: good(count=2, here=2), "disagreement"),
    "list elsewhere": (lambda: good(start=4), "hidden_data"),
    "bomb of one entry": (lambda: plain(**{"static/a.txt": bytes(20_000_000)}), "bomb"),
    "bomb of many entries": (
        lambda: plain(**{f"static/{n}.txt": b"ab" * 4_000 for n in range(2_100)}),
        "too_many_files",
    ),
    "bombs that are small each": (_crowd, "too_large"),
    "entries on one another": (_overlapping, "overlap"),
    "size told too low": (
        lambda: _text(b"x" * 500, size=9),
        "wrong_size",
    ),
    "size told too high": (
        lambda: _text(b"x" * 9, size=90),
        "wrong_size",
    ),
    "sizes that differ": (
        lambda: _text(b"x" * 9, local_size=8),
        "disagreement",
    ),
    "packed size too low": (
        lambda: _text(b"hello there", told_packed=4),
        "hidden_data",
    ),
    "packed size too high": (
        lambda: _text(b"hello there", told_packed=900),
        "overlap",
    ),
    "data behind the packed data": (
        lambda: good(
            Raw(name=b"a.txt", content=b"x", packed=Raw(name=b"", content=b"x").data() + b"!")
        ),
        "wrong_size",
    ),
    "broken packed data": (
        lambda: _text(packed=b"\xff\xff", size=4),
        "not_a_zip",
    ),
    "checksum of something else": (
        lambda: _text(b"x", crc=1),
        "wrong_size",
    ),
    "right descriptor of another size": (lambda: _descriptor(right=False), "disagreement"),
    "long form of the end": (lambda: good(count=0xFFFF, here=0xFFFF), "zip64"),
    "long form of the list": (lambda: good(start=0xFFFFFFFF), "zip64"),
    "long form in an extra field": (lambda: _zip64("extra"), "zip64"),
    "long form in front of the data": (lambda: _zip64("local"), "zip64"),
    "long sizes": (lambda: _zip64("sizes"), "zip64"),
    "another name in front of the data": (
        lambda: _text(b"x", local_name=b"b.txt"),
        "disagreement",
    ),
    "a name in Unicode beside the name": (
        lambda: _text(central_extra=struct.pack("<2HBI", 0x7075, 5, 1, 0)),
        "disagreement",
    ),
    "rising path": (lambda: _named("../evil.py"), "wrong_path"),
    "rising inside": (lambda: _named("a/../../evil.py"), "wrong_path"),
    "absolute path": (lambda: _named("/etc/cron.d/evil"), "wrong_path"),
    "drive": (lambda: _named("C:/evil.py"), "wrong_path"),
    "drive without a slash": (lambda: _named("C:evil.py"), "wrong_path"),
    "share of Windows": (lambda: _named("\\\\host\\share\\evil.py"), "wrong_path"),
    "backslashes": (lambda: _named("..\\evil.py"), "wrong_path"),
    "device": (lambda: _named("static/aux.txt"), "wrong_path"),
    "device of the console": (lambda: _named("CON"), "wrong_path"),
    "stream of a file": (lambda: _named("extension.py:hidden"), "wrong_path"),
    "NUL in a name": (lambda: good(Raw(name=b"evil\x00.py", content=b"x")), "wrong_path"),
    "line break in a name": (lambda: _named("evil\n.py"), "wrong_path"),
    "dot at the end": (lambda: _named("evil.py."), "wrong_path"),
    "double slash": (lambda: _named("static//a.txt"), "wrong_path"),
    "endless name": (lambda: _named("a" * 5_000), "wrong_path"),
    "link": (
        lambda: _text(b"/etc/passwd", attributes=0o120777 << 16),
        "not_a_file",
    ),
    "pipe": (lambda: _text(attributes=0o010644 << 16), "not_a_file"),
    "device file": (lambda: _text(attributes=0o020644 << 16), "not_a_file"),
    "entry twice": (lambda: good(Raw(name=b"extension.py", content=b"x")), "duplicate_entry"),
    "case clash": (lambda: _named("EXTENSION.py"), "case_clash"),
    "Unicode clash": (
        lambda: good(
            Raw(name="static/\u00e9.txt".encode(), content=b"1", flags=0x0800),
            Raw(name="static/e\u0301.txt".encode(), content=b"2", flags=0x0800),
        ),
        "case_clash",
    ),
    "file that is a folder": (lambda: _named("extension.py/evil.py"), "case_clash"),
    "encrypted": (lambda: _text(b"x", flags=1), "encrypted"),
    "encrypted list": (lambda: _text(b"x", flags=0x2000), "encrypted"),
    "packed otherwise": (lambda: _text(packed=b"x", method=14), "compression"),
    "no manifest": (lambda: archive([Raw(name=b"extension.py")]), "missing_manifest"),
    "manifest hidden": (lambda: archive([Raw(name=b".x/manifest.json")]), "missing_manifest"),
}
"""By what is wrong: how the package is made, and the code of its first finding."""

HARMLESS: Final[Mapping[str, Callable[[], bytes]]] = {
    "written at once": good,
    "written by zipfile": plain,
    "written as a stream": lambda: _descriptor(right=True),
    "with a folder of its own": lambda: good(Raw(name=b"static/", attributes=0o040755 << 16)),
    "with comments of entries": lambda: good(Raw(name=b"static/a.txt", comment=b"hello")),
    "with times of Unix": lambda: good(
        Raw(name=b"static/a.txt", local_extra=struct.pack("<2HBI", 0x5455, 5, 1, 9))
    ),
}
"""Packages that look odd and are right."""
