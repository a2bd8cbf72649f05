"""One supervisor for each home: whoever holds the lock of this file."""

import fcntl
import os
from pathlib import Path
from typing import Final

NAME: Final = "supervisor.lock"


class LockFile:
    """The lock; take it before anything else is touched. The file holds a pid for people."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._descriptor = os.open(folder / NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def take(self) -> bool:
        """Take the lock; False where another one has it."""
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)
        return True

    def close(self) -> None:
        """Let go of the lock."""
        os.close(self._descriptor)
