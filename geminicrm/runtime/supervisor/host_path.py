"""The folder of symlinks from which a host imports: exactly what it may have, and nothing else."""

import os
import re
import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import geminicrm

PACKAGES: Final = (
    "blinker",
    "click",
    "flask",
    "itsdangerous",
    "jinja2",
    "markupsafe",
    "msgspec",
    "pluggy",
    "typing_extensions",
    "werkzeug",
)
"""What a host has of the index: Flask with all below it, and what our own code needs in there."""
_SDK: Final = ("__init__.py", "extension_base.py", "integration_base.py", "sdk")


class Incomplete(Exception):
    """A package that hosts need is not installed."""


def build(folder: Path) -> tuple[str, ...]:
    """Make the folder as it should be; give the real paths that its links lead to.

    Raises Incomplete, and OSError.
    """
    targets = dict(_links())
    if not _is_so(folder, targets):
        _make(folder, targets)
    return tuple(sorted(str(target) for target in targets.values()))


def _is_so(folder: Path, targets: dict[str, Path]) -> bool:
    """Tell whether it has these links and no others; hosts of before may still import from it."""
    found = {
        path.relative_to(folder).as_posix(): path.readlink()
        for path in folder.rglob("*")
        if path.is_symlink()
    }
    return found == targets


def _make(folder: Path, targets: dict[str, Path]) -> None:
    new = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    for name, target in targets.items():
        link = new / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(target)
    for each in (new, *(path for path in new.rglob("*") if not path.is_symlink())):
        each.chmod(0o755)  # whatever the mask is: hosts may have users of their own
    shutil.rmtree(folder, ignore_errors=True)
    new.rename(folder)


def _links() -> Iterator[tuple[str, Path]]:
    for name in PACKAGES:
        yield from _package(name)
    core = Path(geminicrm.__file__).resolve().parent
    # Beside the core, wherever that is: the name could be found in the folder somebody is in.
    sdk = core.parent / "extensions"
    yield from ((f"extensions/{each}", sdk / each) for each in _SDK)
    for each in ("__init__.py", "runtime/__init__.py", "runtime/host"):
        yield f"geminicrm/{each}", core / each


def _package(name: str) -> Iterator[tuple[str, Path]]:
    place = _place(name)
    yield place.name, place
    said = re.compile(rf"{name}-[^-]+\.dist-info", re.IGNORECASE)
    for entry in list(os.scandir(place.parent)):
        if said.fullmatch(entry.name):
            yield entry.name, Path(entry.path)


def _place(name: str) -> Path:
    """Give the folder of a package, or the file of a module, without importing it."""
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise Incomplete(f"the package {name}, which extension hosts need, is not installed")
    origin = Path(spec.origin).resolve()
    return origin.parent if origin.name == "__init__.py" else origin
