"""The zip of a wheel, opened within bounds: no file of it is written or run here."""

import contextlib
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Final

from geminicrm.runtime.requirements.problems import WheelWrong

MAX_WHEEL_BYTES: Final = 100 * 1024 * 1024
MAX_UNPACKED_BYTES: Final = 200 * 1024 * 1024
MAX_FILES: Final = 20_000
_MAX_LIST_BYTES: Final = 4 * 1024 * 1024
_MAX_NAME: Final = 400
_MAX_PART: Final = 255  # bytes that file systems take
_STEPS: Final = frozenset({"", ".", ".."})
_END: Final = struct.Struct("<4s4H2LH")
_END_MARK: Final = b"PK\x05\x06"
_LARGE_MARK: Final = b"PK\x06\x07"
_LARGE_LOCATOR: Final = 20
_CHUNK: Final = 1024 * 1024
_UNREADABLE: Final = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
)


@contextlib.contextmanager
def opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open a wheel whose entries are few, plain and of known size. Raises WheelWrong."""
    with contextlib.ExitStack() as stack:
        with refusing(path.name):
            file = stack.enter_context(path.open("rb"))
            _check_end(path.name, file)
            archive = stack.enter_context(zipfile.ZipFile(file))
        _check_entries(path.name, archive.infolist())
        yield archive


@contextlib.contextmanager
def refusing(name: str) -> Iterator[None]:
    """Turn what a broken zip makes of its reader into a WheelWrong."""
    try:
        yield
    except _UNREADABLE as error:
        raise WheelWrong(f"{name} can't be read as a zip: {error}.") from error


def read_small(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    """Give the content of an entry of at most some bytes. Raises WheelWrong."""
    shown = Path(str(archive.filename)).name
    try:
        entry = archive.getinfo(name)
    except KeyError:
        raise WheelWrong(f"{shown} has no {name}: it is no wheel.") from None
    if entry.file_size > most:
        raise WheelWrong(f"{shown}: {name} has more than {most} bytes.")
    with refusing(shown):
        return archive.read(entry)


def chunks(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    """Give the content of an entry in parts. Raises WheelWrong."""
    with refusing(Path(str(archive.filename)).name), archive.open(name) as file:
        while part := file.read(_CHUNK):
            yield part


def _check_end(name: str, file: IO[bytes]) -> None:
    """Look at the end of the zip, since zipfile reads the whole list that it points at.

    What stands there must be the plain end record of this very file: not of a zip that is hidden
    before or behind it, and not of a large one, whose sizes stand elsewhere.
    """
    size = file.seek(0, 2)
    if not _END.size <= size <= MAX_WHEEL_BYTES:
        raise WheelWrong(f"{name} has {size} bytes; up to {MAX_WHEEL_BYTES} are allowed.")
    file.seek(max(0, size - _END.size - _LARGE_LOCATOR))
    tail = file.read()
    mark, _, _, _, count, length, offset, comment = _END.unpack(tail[-_END.size :])
    whole = offset + length + _END.size == size and not comment
    if mark != _END_MARK or not whole or tail.startswith(_LARGE_MARK):
        raise WheelWrong(f"{name} is not a plain zip file.")
    if count > MAX_FILES or length > _MAX_LIST_BYTES:
        raise WheelWrong(f"{name} has too many files; {MAX_FILES} are allowed.")
    file.seek(0)


def _check_entries(name: str, entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > MAX_FILES:
        raise WheelWrong(f"{name} has {len(entries)} files; {MAX_FILES} are allowed.")
    size = sum(entry.file_size for entry in entries)
    if size > MAX_UNPACKED_BYTES:
        raise WheelWrong(
            f"{name} unpacks to {size} bytes; {MAX_UNPACKED_BYTES} are allowed for one wheel."
        )
    for entry in entries:
        problem = _problem(entry)
        if problem:
            raise WheelWrong(f"{name}: {entry.orig_filename[:100]!a} {problem}.")
    check_distinct(name, [entry.filename for entry in entries])


def _problem(entry: zipfile.ZipInfo) -> str | None:
    # orig_filename, since zipfile cuts names at a NUL.
    parts = entry.orig_filename.removesuffix("/").split("/")
    odd = any(part in _STEPS or len(part.encode()) > _MAX_PART for part in parts)
    if odd or not _is_plain(entry.orig_filename):
        return "is no path inside the wheel"
    if stat.S_IFMT(entry.external_attr >> 16) not in {0, stat.S_IFREG, stat.S_IFDIR}:
        return "is a link or a device"
    if entry.flag_bits & 0x2041:  # encrypted, strongly encrypted, hidden headers
        return "is encrypted"
    if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        return "is packed in another way than deflate"
    return None


def _is_plain(name: str) -> bool:
    return len(name) <= _MAX_NAME and "\\" not in name and name.isprintable()


def check_distinct(name: str, names: Iterable[str]) -> None:
    """See that no path stands twice, or for a file and a folder. Raises WheelWrong."""
    seen: set[str] = set()
    folders: set[str] = set()
    for each in names:
        if each in seen:
            raise WheelWrong(f"{name} has {each[:100]!a} twice.")
        seen.add(each)
        parts = each.removesuffix("/").split("/")[:-1]
        folders.update("/".join(parts[: at + 1]) for at in range(len(parts)))
    both = sorted(seen & folders)
    if both:
        raise WheelWrong(f"{name} has {both[0][:100]!a} both as a file and as a folder.")
