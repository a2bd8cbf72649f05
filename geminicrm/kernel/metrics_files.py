"""Files of metrics whose pages the disk has given before they are written to.

prometheus_client maps files with holes into memory. On a disk without room the first write to such
a page ends the process by SIGBUS, and each one that is started in its place.
"""

import mmap
import os
from pathlib import Path
from typing import Final

import structlog
from prometheus_client import values
from prometheus_client.mmap_dict import MmapedDict
from typing_extensions import override

_FIRST_SIZE: Final = 1 << 16
"""As large as prometheus_client makes a file."""
_MOST_BESIDES: Final = 4 + 8 + 16
"""What an entry takes besides its key: the length, the padding, two doubles."""
_log = structlog.get_logger(__name__)


class ReservedDict(MmapedDict):
    """A file that is grown before it is used; without room it goes on in memory, seen by nobody."""

    def __init__(self, filename: str, read_mode: bool = False) -> None:  # noqa: FBT001, FBT002 - as upstream has it
        given: str | int = filename
        if not read_mode and not _reserved(Path(filename)):
            given = _memory(filename)
        super().__init__(given, read_mode)  # type: ignore[no-untyped-call]  # upstream has no types here

    @override
    def _init_value(self, key: str) -> None:
        if self._used + len(key.encode()) + _MOST_BESIDES > self._capacity:
            self._grow()
        super()._init_value(key)  # type: ignore[no-untyped-call]  # as above

    def _grow(self) -> None:
        """Have room for twice as much: upstream grows the file to what it is by then."""
        try:
            os.posix_fallocate(self._f.fileno(), 0, self._capacity * 2)
        except OSError:
            file = os.fdopen(_memory(str(self._fname)), "a+b")
            file.write(self._m[:])
            file.flush()
            self._f.close()
            self._f, self._m = file, mmap.mmap(file.fileno(), self._capacity)


def _reserved(path: Path) -> bool:
    """Make a file that has its first pages; False, and no file, where there is no room."""
    try:
        with path.open("ab") as file:
            os.posix_fallocate(file.fileno(), 0, _FIRST_SIZE)
    except OSError:
        path.unlink(missing_ok=True)  # an empty one can't be read by those who add them up
        return False
    return True


def _memory(name: str) -> int:
    _log.warning("no room for metrics: they are counted in memory, and not shown", file=name)
    return os.memfd_create("metrics")


def reserve() -> None:
    """Have this process keep its metrics in such files from now on."""
    values.MmapedDict = ReservedDict  # type: ignore[attr-defined]  # upstream has no setting for it
