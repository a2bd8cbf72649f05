"""The wheels of this machine: each kept and unpacked once, under its SHA-256."""

import hashlib
import os
import secrets
import shutil
from pathlib import Path
from typing import Final

from geminicrm.runtime.requirements.bytecode import compile_modules
from geminicrm.runtime.requirements.problems import WheelWrong
from geminicrm.runtime.requirements.wheel import SUFFIX, Wheel, read_wheel, unpack

TEMPORARY: Final = ".new-"
_FILES: Final = "files"
_READABLE: Final = 0o755  # hosts read under a user of their own
_FIXED: Final = 0o444  # many folders share one file: nobody should write to it


class WheelCache:
    """A folder of wheels; `<sha256>/<name>.whl` beside `<sha256>/files/`, whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, digest: str) -> Wheel | None:
        """Give a wheel that is here. Raises WheelWrong where somebody has spoilt it."""
        found = sorted((self._folder / digest).glob(f"*{SUFFIX}"))
        return read_wheel(found[0]) if found else None

    def files(self, digest: str) -> Path:
        """Give the folder that a wheel is unpacked in."""
        return self._folder / digest / _FILES

    def add(self, path: Path, digest: str) -> Wheel:
        """Take a wheel in, its hashes checked, unless it is here. Raises WheelWrong."""
        target = self._folder / digest
        if not target.is_dir():
            self._make(path, digest, target)
        return read_wheel(target / path.name)

    def _make(self, path: Path, digest: str, target: Path) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=_READABLE)
        new = self._folder / f"{TEMPORARY}{secrets.token_hex(8)}"
        new.mkdir(mode=_READABLE)
        try:
            kept = new / path.name
            link_or_copy(path, kept)
            if digest_of(kept) != digest:
                raise WheelWrong(f"{path.name} has another SHA-256 than {digest}.")
            _unpack_to_disk(read_wheel(kept), new / _FILES)
            publish(new, target)
        finally:
            shutil.rmtree(new, ignore_errors=True)


def digest_of(path: Path) -> str:
    """Give the SHA-256 of a file in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def link_or_copy(source: Path, target: Path) -> None:
    """Make `target` the same file as `source`, or one with its bytes where that can't be."""
    try:
        target.hardlink_to(source)
    except FileExistsError:
        raise
    except OSError:  # another file system, or one that has no links, or too many links
        shutil.copy2(source, target)


def publish(new: Path, target: Path) -> None:
    """Let a finished folder appear under its name, unless another process was first."""
    sync_folders(new)
    try:
        new.rename(target)
    except OSError:
        if not target.is_dir():
            raise
    _sync(target.parent)


def sync_folders(top: Path) -> None:
    """Bring the folders at and below a path to the disk, readable for hosts."""
    for folder, _, _ in os.walk(top):
        Path(folder).chmod(_READABLE)
        _sync(Path(folder))


def _unpack_to_disk(wheel: Wheel, folder: Path) -> None:
    folder.mkdir()
    for path in (*unpack(wheel, folder), *compile_modules(folder)):
        path.chmod(_FIXED)
        _sync(path)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
