"""A mirror in one file: the same content gives the same bytes; what is hostile never gets out."""

import re
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

from geminicrm.kernel.errors import Finding
from geminicrm.runtime.package_rules import MAX_PACKAGE_BYTES
from marketplace.inspection import MAX_ICON
from marketplace.registries.errors import BundleRefused
from marketplace.whole_files import write_whole

MAX_MEMBERS: Final = 100_000
MAX_BUNDLE: Final = 16 * 1024**3
_MAX_JSON: Final = 64 * 1024**2
_ID: Final = r"[a-z0-9][a-z0-9-]{0,63}"
_VERSION: Final = r"[0-9A-Za-z][0-9A-Za-z.+-]{0,99}"
_LIMITS: Final = (
    (re.compile(r"(keys|notices|extensions)\.json"), _MAX_JSON),
    (re.compile(rf"extensions/{_ID}(/versions)?\.json"), _MAX_JSON),
    (re.compile(rf"extensions/{_ID}/versions/{_VERSION}/texts\.json"), _MAX_JSON),
    (re.compile(rf"extensions/{_ID}/versions/{_VERSION}/icon"), MAX_ICON),
    (re.compile(r"packages/[0-9a-f]{64}\.gcx"), MAX_PACKAGE_BYTES),
)


def write_bundle(folder: Path, target: Path) -> int:
    """Put a mirror into a file that appears whole; give its bytes. OSError."""
    names = sorted(
        name
        for name in (path.relative_to(folder).as_posix() for path in folder.rglob("*"))
        if _most(name) is not None
    )
    staged = target.with_name(f".{target.name}.part")
    try:
        with tarfile.open(staged, "w", format=tarfile.PAX_FORMAT) as archive:
            for name in names:
                path = folder / name
                with path.open("rb") as content:
                    archive.addfile(_plain(name, path.stat().st_size), content)
        staged.replace(target)
    finally:
        staged.unlink(missing_ok=True)
    return target.stat().st_size


def read_bundle(source: Path, folder: Path) -> None:
    """Unpack a bundle into an empty folder; BundleRefused, and then nothing is to be used.

    Only plain files with the names of a mirror come out, each once and within its limit. It is not
    compressed, so no small file can become a large one.
    """
    try:
        with tarfile.open(source, "r:") as archive:
            for member in _members(archive):
                content = archive.extractfile(member)
                if content is None:
                    raise _wrong(f"{member.name[:100]!a} can't be read.")
                path = folder / member.name
                path.parent.mkdir(parents=True, exist_ok=True)
                write_whole(path, _whole(member, content))
    except (tarfile.TarError, EOFError, ValueError, OverflowError) as error:
        raise _wrong(f"It can't be read as a tar file: {error}.") from error


def _members(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    seen: set[str] = set()
    total = 0
    for member in archive:
        most = _most(member.name)
        if most is None:
            raise _wrong(f"{member.name[:100]!a} is no name of a bundle.")
        if not member.isreg() or member.issparse():
            raise _wrong(f"{member.name!a} is no plain file.")
        if member.name in seen:
            raise _wrong(f"{member.name!a} is there twice.")
        seen.add(member.name)
        total += member.size
        if member.size > most:
            raise _wrong(f"{member.name!a} has {member.size} bytes; {most} are allowed.")
        if total > MAX_BUNDLE or len(seen) > MAX_MEMBERS:
            raise _wrong("It holds too much.")
        yield member


def _whole(member: tarfile.TarInfo, content: IO[bytes]) -> bytes:
    found = content.read(member.size + 1)
    if len(found) != member.size:
        raise _wrong(f"{member.name!a} ends early.")
    return found


def _most(name: str) -> int | None:
    """Give how many bytes a file of this name may have; None where it is no name of a mirror."""
    return next((most for pattern, most in _LIMITS if pattern.fullmatch(name)), None)


def _plain(name: str, size: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size = size
    info.mode = 0o644  # times, users and all else stay as they are: the same everywhere
    return info


def _wrong(message: str) -> BundleRefused:
    return BundleRefused([Finding("", "wrong_bundle", message)])
