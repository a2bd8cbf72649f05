"""A user of its own for each running host, where we are root and the files allow it.

Other users of the machine then can't signal it, and it can't reach what belongs to the user of the
core, whatever else fails. The kernel's users need no names: the range below has none.
"""

import os
import stat
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Final

FIRST: Final = 0x70000000
COUNT: Final = 0x10000
"""The users of hosts are those from FIRST on, COUNT of them."""
_ENTER: Final = stat.S_IXOTH
_READ: Final = stat.S_IROTH
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
NOT_ROOT: Final = "not started as root"


class Closed(Exception):
    """Files that a host needs can't be reached by another user; the text says which."""


def free_user(generation: int, taken: Collection[int]) -> int:
    """Give a user that no living host has; the next generation gets another one."""
    for step in range(COUNT):
        user = FIRST + (generation + step) % COUNT
        if user not in taken:
            return user
    raise Closed("all users of hosts are taken")


def check_reachable(paths: Iterable[str]) -> None:
    """Raise Closed, with the first reason, unless any user can get to all paths and read them."""
    known: set[Path] = set()
    for path in map(Path, paths):
        check_passage(path, known)
        inside = _ENTER | _READ if path.is_dir() else _READ
        _check(path, inside, "can't be read")


def check_passage(path: Path, known: set[Path] | None = None) -> None:
    """Raise Closed unless any user can get as far as the folder that `path` is in.

    What is in `known` is not looked at again.
    """
    seen = set() if known is None else known
    for parent in reversed(path.parents):
        if parent not in seen:
            _check(parent, _ENTER, "can't be entered")
            seen.add(parent)


def open_home(home: Path, shared: Collection[str]) -> None:
    """Let other users pass through the home to the entries `shared`, and into nothing else.

    Everything else in it becomes its owner's alone first, also what was made since the last time.
    Raises Closed where that fails: then nobody gets through.
    """
    try:
        for entry in list(os.scandir(home)):
            if entry.name not in shared and not entry.is_symlink():
                _close(entry)
        mode = stat.S_IMODE(home.stat().st_mode)
        wanted = mode & ~_OTHERS | stat.S_IXGRP | stat.S_IXOTH
        if mode != wanted:
            home.chmod(wanted)
    except OSError as error:
        raise Closed(f"{home} can't be prepared: {error}") from error


def _close(entry: os.DirEntry[str]) -> None:
    mode = stat.S_IMODE(entry.stat(follow_symlinks=False).st_mode)
    if mode & _OTHERS:
        os.chmod(entry.path, mode & ~_OTHERS, follow_symlinks=True)  # noqa: PTH101 - entries of scandir; it is no link


def _check(path: Path, wanted: int, lack: str) -> None:
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise Closed(f"{path} {lack} by other users: {error.strerror}") from error
    if mode & wanted != wanted:
        raise Closed(f"{path} {lack} by other users")
