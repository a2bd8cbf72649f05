"""Reading packages of strangers: bounded, and refused with every reason."""

import hashlib
import io
import stat
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from geminicrm.kernel.errors import Finding, ValidationFailed
from geminicrm.runtime.manifest import Identity, ManifestInvalid, read_identity
from geminicrm.runtime.package_rules import (
    MAX_ENTRIES,
    MAX_PACKAGE_BYTES,
    MAX_UNPACKED_BYTES,
    clashes,
    is_packed,
    name_problem,
)
from marketplace.package_layout import Misplaced, Placed, content_of, placed_entries

MANIFEST: Final = "manifest.json"
# Text of an extension packs 3 to 20 times; bombs pack up to 1,032 times, the most deflate can do.
MAX_RATIO: Final = 200
_SMALL: Final = 64 * 1024
_ENTRY_MARK: Final = b"PK\x01\x02"
_FIRST_MARK: Final = b"PK\x03\x04"
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


class PackageInvalid(ValidationFailed):
    """A package, or a folder to be packed, is refused; `findings` holds every reason found."""

    code = "package_invalid"
    title = "The extension's package is wrong"


@dataclass(frozen=True, slots=True)
class PackageFiles:
    """An opened package: its files by path, all within the limits. Nothing of it was run.

    The manifest's id and version were read; the rest of the manifest is not checked here.
    """

    digest: str
    id: str
    version: str
    files: Mapping[str, bytes]

    @property
    def manifest(self) -> bytes:
        """The bytes of manifest.json."""
        return self.files[MANIFEST]


def package_digest(data: bytes) -> str:
    """Give `sha256:<hex>` over the bytes of a package."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def open_package(data: bytes) -> PackageFiles:
    """Read a `.gcx`, or a plain zip of a folder with or without the folder itself.

    Raises `PackageInvalid` for everything that is not such a package, and nothing else. Files that
    `pack` would leave out are left out here too.
    """
    with _refusing():
        files = _read_files(data)
    if MANIFEST not in files:
        files = _without_top(files)
    if MANIFEST not in files:
        message = f"There is no {MANIFEST} at the top of the package."
        raise PackageInvalid([Finding(f"/{MANIFEST}", "missing_manifest", message)])
    identity = package_identity(files[MANIFEST])
    return PackageFiles(package_digest(data), identity.id, identity.version, files)


def package_identity(manifest: bytes) -> Identity:
    """Read id and version of a manifest. Raises `PackageInvalid`."""
    try:
        return read_identity(manifest)
    except ManifestInvalid as error:
        raise PackageInvalid(error.findings) from error


def name_findings(names: Iterable[str]) -> list[Finding]:
    """Find paths that are wrong in themselves."""
    return [
        Finding("", "wrong_path", f"{name[:100]!a}: {problem}")
        for name, problem in ((name, name_problem(name)) for name in sorted(set(names)))
        if problem
    ]


def clash_findings(names: Iterable[str]) -> list[Finding]:
    """Find files that are one where case does not count, and files that are folders too."""
    return [
        Finding("", "case_clash", f"{one!a} and {other!a} are one path on some systems.")
        for one, other in clashes(set(names))
    ]


def size_findings(count: int, size: int) -> list[Finding]:
    """Find too many entries, or too many bytes unpacked."""
    found = []
    if count > MAX_ENTRIES:
        message = f"There are too many entries; {MAX_ENTRIES} are allowed."
        found.append(Finding("", "too_many_files", message))
    if size > MAX_UNPACKED_BYTES:
        message = f"{size} bytes unpacked are too much; {MAX_UNPACKED_BYTES} are allowed."
        found.append(Finding("", "too_large", message))
    return found


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except _UNREADABLE as error:
        message = f"The package can't be read as a zip: {error}."
        raise PackageInvalid([Finding("", "not_a_zip", message)]) from error


def _read_files(data: bytes) -> dict[str, bytes]:
    if len(data) > MAX_PACKAGE_BYTES:
        message = f"The package has {len(data)} bytes; {MAX_PACKAGE_BYTES} are allowed."
        raise PackageInvalid([Finding("", "too_large", message)])
    if not data.startswith(_FIRST_MARK):
        # A zip may follow any other file; one that two readers read differently is refused.
        raise PackageInvalid([Finding("", "not_a_zip", "The package is not a zip file.")])
    # zipfile reads the whole list first: 20 MiB of it would be 450,000 objects.
    count = data.count(_ENTRY_MARK)
    if count > 2 * MAX_ENTRIES:
        raise PackageInvalid(size_findings(count, 0))
    placed, wrong = _layout(data)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
    except _UNREADABLE:
        if wrong:
            raise PackageInvalid(wrong) from None
        raise
    found = _entry_findings(entries) or wrong
    if found:
        raise PackageInvalid(found)
    return _contents(data, entries, placed)


def _layout(data: bytes) -> tuple[list[Placed], list[Finding]]:
    try:
        return placed_entries(data), []
    except Misplaced as error:
        return [], [error.finding]


def _contents(
    data: bytes, entries: list[zipfile.ZipInfo], placed: list[Placed]
) -> dict[str, bytes]:
    """Unpack what belongs into a package; both lists are in the order of the zip's own."""
    try:
        return {
            one.filename: content_of(data, at)
            for one, at in zip(entries, placed, strict=True)
            if not _is_folder(one) and is_packed(one.filename)
        }
    except Misplaced as error:
        raise PackageInvalid([error.finding]) from error


def _entry_findings(entries: list[zipfile.ZipInfo]) -> list[Finding]:
    if len(entries) > MAX_ENTRIES:
        return size_findings(len(entries), 0)
    # orig_filename, since zipfile cuts names at a NUL.
    names = [one.orig_filename.removesuffix("/") for one in entries]
    found = name_findings(names)
    found += clash_findings(one.filename for one in entries if not _is_folder(one))
    found += [
        Finding("", "duplicate_entry", f"{name[:100]!a} is in the package twice.")
        for name in sorted(set(names))
        if names.count(name) > 1
    ]
    found += [one for entry in entries for one in _one_entry(entry)]
    return found + size_findings(0, sum(one.file_size for one in entries))


def _is_folder(entry: zipfile.ZipInfo) -> bool:
    # Not is_dir(), which fails for an empty name in Python 3.11.
    return entry.filename.endswith("/")


def _one_entry(entry: zipfile.ZipInfo) -> Iterator[Finding]:
    name = f"{entry.filename[:100]!a}"
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in {0, stat.S_IFDIR if _is_folder(entry) else stat.S_IFREG}:
        yield Finding("", "not_a_file", f"{name} is a link or device: a package holds plain files.")
    if entry.flag_bits & 0x2041:  # encrypted, strongly encrypted, hidden headers
        yield Finding("", "encrypted", f"{name} is encrypted: a package is open to be checked.")
    if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        yield Finding("", "compression", f"{name} is packed in another way than deflate.")
    if entry.file_size > max(_SMALL, entry.compress_size * MAX_RATIO):
        yield Finding("", "bomb", f"{name} unpacks to more than {MAX_RATIO} times its size.")


def _without_top(files: Mapping[str, bytes]) -> dict[str, bytes]:
    tops = {name.partition("/")[0] for name in files}
    if len(tops) != 1:
        return dict(files)
    return {name.partition("/")[2]: content for name, content in files.items() if "/" in name}
