"""Putting the Python packages of a version in place: read, fetched, chosen, linked."""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement
from packaging.version import Version

from geminicrm.kernel.errors import Finding
from geminicrm.runtime.manifest_model import Manifest
from geminicrm.runtime.python_requirement import (
    NotARequirement,
    counting,
    counts,
    read_requirement,
)
from geminicrm.runtime.requirements.brought import read_brought
from geminicrm.runtime.requirements.cache import WheelCache, digest_of
from geminicrm.runtime.requirements.choose import POINTER, choose
from geminicrm.runtime.requirements.fetch import Fetch
from geminicrm.runtime.requirements.folder import make_set
from geminicrm.runtime.requirements.lock_file import Pin
from geminicrm.runtime.requirements.own import host_versions
from geminicrm.runtime.requirements.problems import (
    FetchFailed,
    RequirementsRefused,
    WheelWrong,
)
from geminicrm.runtime.requirements.wheel import Wheel
from geminicrm.runtime.requirements.where import wheels_folder

Note = Callable[[Sequence[str]], None]
"""Writes down the wheels of a version, by SHA-256 in hex."""
_OFFLINE: Final = (
    "Where the index can't be reached, the wheels can lie in the package, in its folder wheels/."
)


def provide(home: Path, fetch: Fetch, manifest: Manifest, package: Path, note: Note) -> None:
    """Make the folder of a version's Python packages.

    `package` is the folder of the version's files, which were checked. Where all of it lies in
    the package, or was fetched before, nothing is fetched. `note` is told the wheels before their
    folder is made: whoever cleans up after a killed process finds it by that. Raises
    RequirementsRefused.
    """
    try:
        _provide(home, fetch, wanted_by(manifest), package, note)
    except (NotARequirement, WheelWrong) as error:
        raise _refused("wheel_wrong", str(error)) from error
    except FetchFailed as error:
        raise _refused("not_fetched", f"{error} {_OFFLINE}") from error


def wanted_by(manifest: Manifest) -> list[Requirement]:
    """Give the requirements that count on this machine. Raises NotARequirement."""
    return counting([read_requirement(text) for text in manifest.requires.python])


def _provide(
    home: Path, fetch: Fetch, wanted: Sequence[Requirement], package: Path, note: Note
) -> None:
    host = host_versions()
    cache = WheelCache(wheels_folder(home))
    offered = tuple(_offered(cache, fetch, package, host)) if wanted else ()
    digests = []
    for wheel in choose(wanted, offered, host):
        digest = digest_of(wheel.path)
        cache.add(wheel.path, digest)
        digests.append(digest)
    note(sorted(digests))
    if digests:
        make_set(home, cache, digests)


def _offered(
    cache: WheelCache, fetch: Fetch, package: Path, host: Mapping[str, Version]
) -> Iterator[Wheel]:
    names = [path.relative_to(package).as_posix() for path in package.rglob("*") if path.is_file()]
    brought = read_brought(package, names)
    if brought.problems:
        raise RequirementsRefused(
            [Finding("", one.code, f"{one.file}: {one.message}") for one in brought.problems]
        )
    there = {wheel.name for wheel in brought.wheels} | host.keys()
    pins = [pin for pin in brought.pins if counts(pin.marker) and pin.name not in there]
    yield from brought.wheels
    yield from _pinned(cache, fetch, pins)


def _pinned(cache: WheelCache, fetch: Fetch, pins: Sequence[Pin]) -> Iterator[Wheel]:
    missing = []
    for pin in pins:
        found = [wheel for wheel in map(cache.get, pin.hashes) if wheel is not None]
        yield from found[:1]
        if not found:
            missing.append(pin)
    if missing:
        with tempfile.TemporaryDirectory(prefix="geminicrm-wheels-") as folder:
            for digest, path in fetch(missing, Path(folder)).items():
                yield cache.add(path, digest)


def _refused(code: str, message: str) -> RequirementsRefused:
    return RequirementsRefused([Finding(POINTER, code, message)])
