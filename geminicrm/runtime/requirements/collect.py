"""Taking away wheels and folders of wheels that no installed version has."""

import time
from collections.abc import Collection, Iterator
from pathlib import Path

from geminicrm.runtime.install.files import clear, take_away
from geminicrm.runtime.requirements.where import (
    forget_wheels,
    noted_wheels,
    notes_folder,
    set_folder,
    set_key,
    sets_folder,
    wheels_folder,
)


def collect_wheels(home: Path, used: Collection[str], older_than: float) -> None:
    """Remove what is older than some seconds and belongs to no package among `used`.

    `used` are digests of packages in hex. To be called while nobody installs: see `held`.
    """
    limit = time.time() - older_than
    for note in _old(notes_folder(home), limit):
        if note.name not in used:
            note.unlink()
    sets = [noted_wheels(home, note.name) or () for note in _entries(notes_folder(home))]
    _remove(sets_folder(home), {notes_folder(home).name, *map(set_key, sets)}, limit)
    _remove(wheels_folder(home), {wheel for wheels in sets for wheel in wheels}, limit)


def forget_version(home: Path, digest: str) -> None:
    """Take away the note of a version, and the folder of its wheels where no other one has it.

    What died half way goes as well. To be called while nobody installs: see `held`.
    """
    wheels = noted_wheels(home, digest)
    forget_wheels(home, digest)
    others = [noted_wheels(home, note.name) for note in _entries(notes_folder(home))]
    if wheels and wheels not in others and set_folder(home, wheels).is_dir():
        take_away(set_folder(home, wheels))
    for folder in (notes_folder(home), sets_folder(home), wheels_folder(home)):
        clear(folder)


def _remove(folder: Path, kept: Collection[str], limit: float) -> None:
    for path in _old(folder, limit):
        if path.name not in kept:
            take_away(path)


def _old(folder: Path, limit: float) -> Iterator[Path]:
    return (path for path in _entries(folder) if path.stat().st_mtime < limit)


def _entries(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []
