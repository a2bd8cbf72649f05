"""Where the Python packages of a version lie, told by the home alone: no database is asked."""

import hashlib
import os
import re
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from geminicrm.runtime.manifest_model import Manifest

_ROOM: Final = "requirements"
_NOTES: Final = "by-package"
_SHA256: Final = re.compile("[0-9a-f]{64}")


class RequirementsMissing(Exception):
    """The folder of a version's Python packages is not on this machine; `ensure` makes it."""

    def __init__(self, digest: str) -> None:
        super().__init__(f"The Python packages of {digest} are not on this machine.")


def requirements_folder(home: Path, manifest: Manifest, digest: str) -> Path | None:
    """Give the folder to put on the path of a version's host; None where it needs none.

    `digest` is the package's, with or without `sha256:` in front. Raises RequirementsMissing.
    """
    if not manifest.requires.python:
        return None
    wheels = noted_wheels(home, digest)
    if wheels is None:
        raise RequirementsMissing(digest)
    if not wheels:
        return None
    folder = set_folder(home, wheels)
    if not folder.is_dir():
        raise RequirementsMissing(digest)
    return folder.absolute()  # hosts start elsewhere


def wheels_folder(home: Path) -> Path:
    """Give the folder of all wheels, each in one of its own that is called by its SHA-256."""
    return home / "wheels"


def sets_folder(home: Path) -> Path:
    """Give the folder that holds a folder for each set of wheels."""
    return home / _ROOM


def notes_folder(home: Path) -> Path:
    """Give the folder of notes: which wheels each package's version has."""
    return home / _ROOM / _NOTES


def set_key(wheels: Iterable[str]) -> str:
    """Name a set of wheels, given by their SHA-256 in hex."""
    return hashlib.sha256("\n".join(sorted(wheels)).encode()).hexdigest()


def set_folder(home: Path, wheels: Iterable[str]) -> Path:
    """Give where the unpacked wheels of a set lie, or would."""
    return sets_folder(home) / set_key(wheels)


def noted_wheels(home: Path, digest: str) -> tuple[str, ...] | None:
    """Give the wheels of a version by SHA-256; None where nothing is known of it."""
    try:
        text = _note(home, digest).read_text("ascii")
    except (OSError, ValueError):
        return None  # one that can't be read is as good as none: it is written again
    wheels = tuple(text.split())
    return wheels if all(_SHA256.fullmatch(one) for one in wheels) else None


def note_wheels(home: Path, digest: str, wheels: Iterable[str]) -> None:
    """Write down the wheels of a version, whole or not at all."""
    note = _note(home, digest)
    note.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
    descriptor, name = tempfile.mkstemp(prefix=".new-", dir=note.parent)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write("".join(f"{one}\n" for one in sorted(wheels)))
        file.flush()
        os.fsync(file.fileno())
    Path(name).replace(note)


def forget_wheels(home: Path, digest: str) -> None:
    """Take the note of a version away; its folder goes when the unused are collected."""
    _note(home, digest).unlink(missing_ok=True)


def _note(home: Path, digest: str) -> Path:
    return notes_folder(home) / digest.removeprefix("sha256:")
