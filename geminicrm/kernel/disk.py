"""A disk without room, by whichever way it is heard of."""

import errno
import shutil
from pathlib import Path
from typing import Final

from sqlalchemy.exc import DBAPIError

from geminicrm.kernel.errors import DiskFull

_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
# SQLite's words; PostgreSQL's begin with those of the operating system.
_WORDS: Final = ("database or disk is full", "No space left on device")
_MIB: Final = 1024 * 1024


def is_full(error: BaseException) -> bool:
    """Tell whether a disk or quota without room is what an error, or its cause, is about."""
    each: BaseException | None = error
    while each is not None:
        if isinstance(each, OSError) and each.errno in _FULL:
            return True
        if isinstance(each, DBAPIError) and any(word in str(each.orig) for word in _WORDS):
            return True
        each = each.__cause__ or each.__context__
    return False


def disk_full(doing: str, folder: Path, advice: str) -> DiskFull:
    """Make the error: what was being done, how much room is left around a folder, what to free."""
    try:
        left = f"{shutil.disk_usage(folder).free // _MIB:,} MiB are free there"
    except OSError:
        left = "it can't be told how much is free there"
    return DiskFull(f"There is no room for {doing} below {folder}: {left}. {advice}")
