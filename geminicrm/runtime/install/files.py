"""The package folders on disk: written whole or not at all, held while an install needs them."""

import contextlib
import fcntl
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path, PurePosixPath

from geminicrm.kernel.ids import new_id

CACHES = frozenset({"__pycache__"})
_TEMPORARY = ".new-"
_TEMPORARY_KINDS = frozenset({"check", "inspect", "lock", "pack", "wheels"})
_LOCK = ".lock"


class Hold:
    """A share in the package folders: while anybody holds one, no folder is taken away."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def alone(self) -> bool:
        """Become the only holder, so that a folder may be removed; False where others install."""
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


@contextlib.contextmanager
def held(packages: Path) -> Iterator[Hold]:
    """Hold a share in the folders below `packages`, over all processes of the machine."""
    packages.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(packages / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield Hold(descriptor)
    finally:
        os.close(descriptor)


def write_tree(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files by relative path below an existing folder, down to the disk.

    Raises ValueError for a path that leaves the folder, whoever has checked it before.
    """
    folders = {folder}
    for name, content in files.items():
        path = folder / inside(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        folders.update(parent for parent in path.parents if parent.is_relative_to(folder))
        with path.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    for each in folders:
        _sync_folder(each)


def inside(name: str) -> PurePosixPath:
    """Give a path that stays below its folder; ValueError for any other."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or not path.parts:
        raise ValueError(f"{name!r} is no path inside the package")
    return path


def place_tree(target: Path, files: Mapping[str, bytes]) -> None:
    """Make `target` appear with all its files at once; a death half way leaves it absent."""
    new = target.with_name(f"{_TEMPORARY}{new_id('pkg')}")
    new.mkdir(mode=0o755)
    try:
        write_tree(new, files)
        new.rename(target)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise
    _sync_folder(target.parent)


def take_away(folder: Path) -> None:
    """Make a folder disappear at once; a death half way leaves no part of it under its name."""
    old = folder.with_name(f"{_TEMPORARY}{new_id('old')}")
    folder.rename(old)
    shutil.rmtree(old)


def clear(folder: Path) -> None:
    """Remove what somebody who died left half made; to be called while nobody installs."""
    for path in folder.glob(f"{_TEMPORARY}*") if folder.is_dir() else ():
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def same_tree(folder: Path, files: Mapping[str, bytes]) -> bool:
    """Tell whether the folder holds exactly these files; caches of the interpreter don't count."""
    found = {
        path.relative_to(folder).as_posix(): path
        for path in folder.rglob("*")
        if not path.is_dir() and CACHES.isdisjoint(path.relative_to(folder).parts)
    }
    wanted = {inside(name).as_posix(): content for name, content in files.items()}
    if found.keys() != wanted.keys():
        return False
    return all(
        not path.is_symlink() and path.read_bytes() == wanted[name] for name, path in found.items()
    )


def collect(packages: Path, used: Callable[[], Collection[str]], older_than: float) -> list[str]:
    """Remove folders that nobody uses and that are older than some seconds; name them.

    `used` gives the names in use. It is asked once nobody installs: an install that ends before
    has its row by then.
    """
    with held(packages) as hold:
        if not hold.alone():
            return []
        clear(packages)
        kept, limit = used(), time.time() - older_than
        old = [
            path
            for path in packages.iterdir()
            if path.is_dir() and path.name not in kept and path.stat().st_mtime < limit
        ]
        for path in old:
            take_away(path)
    return sorted(path.name for path in old)


def collect_temporary(older_than: float) -> None:
    """Remove folders that killed processes left where temporary files go, once they are old."""
    limit = time.time() - older_than
    for path in Path(tempfile.gettempdir()).glob("geminicrm-*-*"):
        with contextlib.suppress(FileNotFoundError):
            kind = path.name.split("-")[1]
            found = path.lstat()
            mine = kind in _TEMPORARY_KINDS and found.st_uid == os.getuid()
            if mine and stat.S_ISDIR(found.st_mode) and found.st_mtime < limit:
                shutil.rmtree(path, ignore_errors=True)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
