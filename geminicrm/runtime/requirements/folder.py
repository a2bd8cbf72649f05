"""The folder of one set of wheels: hard links to their files, made whole or not at all."""

import filecmp
import os
import secrets
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from geminicrm.kernel.errors import Finding
from geminicrm.runtime.requirements.bytecode import CACHE
from geminicrm.runtime.requirements.cache import TEMPORARY, WheelCache, link_or_copy, publish
from geminicrm.runtime.requirements.choose import POINTER
from geminicrm.runtime.requirements.problems import RequirementsRefused
from geminicrm.runtime.requirements.where import set_folder, sets_folder


def make_set(home: Path, cache: WheelCache, digests: Sequence[str]) -> Path:
    """Give the folder that holds the files of these wheels of the cache, made if need be.

    Raises RequirementsRefused where two of them have one file with different contents.
    """
    target = set_folder(home, digests)
    if target.is_dir():
        return target
    sets_folder(home).mkdir(parents=True, exist_ok=True, mode=0o755)
    new = sets_folder(home) / f"{TEMPORARY}{secrets.token_hex(8)}"
    new.mkdir(mode=0o755)
    try:
        _join(new, [cache.files(digest) for digest in digests])
        publish(new, target)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return target


def _join(target: Path, folders: Iterable[Path]) -> None:
    for folder in folders:
        for place, inner_folders, names in os.walk(folder):
            inner = Path(place).relative_to(folder)
            for name in inner_folders:
                _make(target, inner / name)
            for name in names:
                _put(folder, target, inner / name)


def _make(target: Path, inner: Path) -> None:
    try:
        (target / inner).mkdir(exist_ok=True)
    except FileExistsError as error:
        raise _clash(inner) from error


def _put(folder: Path, target: Path, inner: Path) -> None:
    try:
        link_or_copy(folder / inner, target / inner)
    except FileExistsError as error:
        if CACHE in inner.parts:
            return  # compiled from the same source, or else that is the one to be told
        other = target / inner
        if other.is_dir() or not filecmp.cmp(folder / inner, other, shallow=False):
            raise _clash(inner) from error


def _clash(inner: Path) -> RequirementsRefused:
    message = f"Two of the packages have different files at {inner}: keep one of them."
    return RequirementsRefused([Finding(POINTER, "file_clash", message)])
