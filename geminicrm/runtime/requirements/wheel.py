"""Wheels: what one is called, fits, needs and holds; and unpacking it with its hashes checked."""

import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from packaging.metadata import RawMetadata, parse_email
from packaging.requirements import Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.tags import Tag
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from geminicrm.runtime.python_requirement import NotARequirement, read_requirement
from geminicrm.runtime.requirements.archive import check_distinct, opened, read_small
from geminicrm.runtime.requirements.bytecode import CACHE
from geminicrm.runtime.requirements.problems import WheelWrong
from geminicrm.runtime.requirements.record import Hashes, read_hashes, verified

SUFFIX: Final = ".whl"
MAX_METADATA: Final = 1024 * 1024
MAX_REQUIRES: Final = 1_000
_CODE: Final = ("purelib", "platlib")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wheel:
    """A wheel on disk; nothing of it was run, and its files' hashes are checked by `unpack`.

    `files` is what is taken of it: the path in its folder by the path in the archive. `size` is
    in bytes, unpacked.
    """

    path: Path
    name: str
    version: Version
    tags: frozenset[Tag]
    requires: tuple[Requirement, ...]
    requires_python: SpecifierSet
    files: Mapping[str, str]
    hashes: Hashes
    size: int

    def modules(self) -> frozenset[str]:
        """Give the names at its top that `import` would find."""
        return frozenset(file.partition("/")[0].partition(".")[0] for file in self.files.values())


def read_wheel(path: Path) -> Wheel:
    """Read what a wheel says of itself. Raises WheelWrong."""
    try:
        name, version, _, tags = parse_wheel_filename(path.name)
    except (InvalidWheelFilename, InvalidVersion) as error:
        raise WheelWrong(f"{path.name[:100]!a} is not the name of a wheel.") from error
    with opened(path) as archive:
        info = _info_folder(path.name, archive, name)
        metadata, _ = parse_email(read_small(archive, f"{info}/METADATA", MAX_METADATA))
        _check_form(path.name, read_small(archive, f"{info}/WHEEL", MAX_METADATA))
        _check_identity(path.name, metadata, name, version)
        return Wheel(
            path=path,
            name=name,
            version=version,
            tags=tags,
            requires=tuple(_requires(path.name, metadata)),
            requires_python=_requires_python(path.name, metadata),
            files=_taken(path.name, archive, info.removesuffix(".dist-info")),
            hashes=read_hashes(archive, f"{info}/RECORD"),
            size=sum(entry.file_size for entry in archive.infolist()),
        )


def check_hashes(wheel: Wheel) -> None:
    """Compare every file with the wheel's own record, those that are not taken too."""
    with opened(wheel.path) as archive:
        for name, expected in wheel.hashes.items():
            for _ in verified(archive, name, expected):
                pass


def unpack(wheel: Wheel, folder: Path) -> Iterator[Path]:
    """Write what is taken into an existing folder, hashes checked; give each file once written.

    Raises WheelWrong; what was written by then is for the caller to remove.
    """
    with opened(wheel.path) as archive:
        for inside, target in wheel.files.items():
            place = folder / target
            place.parent.mkdir(parents=True, exist_ok=True)
            with place.open("xb") as file:
                for part in verified(archive, inside, wheel.hashes[inside]):
                    file.write(part)
            yield place


def _info_folder(wheel: str, archive: zipfile.ZipFile, name: str) -> str:
    tops = {each.partition("/")[0] for each in archive.namelist()}
    found = sorted(top for top in tops if top.endswith(".dist-info"))
    names = [
        canonicalize_name(each.removesuffix(".dist-info").rpartition("-")[0]) for each in found
    ]
    if names != [name]:
        raise WheelWrong(f"{wheel} has no folder .dist-info of its own, or one of another.")
    return found[0]


def _check_form(wheel: str, content: bytes) -> None:
    lines = content.decode("utf-8", "replace").splitlines()
    fields = dict(line.partition(":")[::2] for line in lines)
    version = fields.get("Wheel-Version", "").strip()
    if version.partition(".")[0] != "1":
        raise WheelWrong(f"{wheel} has the wheel version {version[:20]!r}; 1.0 is known.")


def _check_identity(wheel: str, metadata: RawMetadata, name: str, version: Version) -> None:
    try:
        same = (canonicalize_name(metadata["name"]), Version(metadata["version"])) == (
            name,
            version,
        )
    except (KeyError, InvalidVersion):
        same = False
    if not same:
        raise WheelWrong(f"{wheel} is another package, or another version, by its METADATA.")


def _requires(wheel: str, metadata: RawMetadata) -> Iterator[Requirement]:
    told = metadata.get("requires_dist", [])
    if len(told) > MAX_REQUIRES:
        raise WheelWrong(f"{wheel} requires {len(told)} packages; {MAX_REQUIRES} are allowed.")
    for text in told:
        try:
            yield read_requirement(text)
        except NotARequirement as error:
            raise WheelWrong(f"{wheel}: {error}") from error


def _requires_python(wheel: str, metadata: RawMetadata) -> SpecifierSet:
    try:
        return SpecifierSet(metadata.get("requires_python", ""))
    except InvalidSpecifier as error:
        raise WheelWrong(f"{wheel}: its Requires-Python can't be read.") from error


def _taken(wheel: str, archive: zipfile.ZipFile, stem: str) -> dict[str, str]:
    """Give what goes into the folder: modules and data beside them.

    Not taken are scripts, headers and other files of `<name>-<version>.data`, what the
    interpreter would run at its start (.pth files), and compiled modules that hide their source.
    """
    found: dict[str, str] = {}
    for entry in archive.infolist():
        target = _target(entry.filename, f"{stem}.data")
        if not entry.is_dir() and target:
            found[entry.filename] = target
    check_distinct(wheel, found.values())
    return found


def _target(name: str, data: str) -> str | None:
    parts = PurePosixPath(name).parts
    if parts[0] == data:
        parts = parts[2:] if len(parts) > 2 and parts[1] in _CODE else ()  # noqa: PLR2004 - data, scheme, file
    if not parts or CACHE in parts or (len(parts) == 1 and parts[0].endswith(".pth")):
        return None
    return "/".join(parts)
