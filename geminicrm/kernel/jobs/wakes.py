"""Waking workers of the same machine: a named pipe in the home, which costs nobody who waits.

A byte in it means: look at the rows. It says nothing else, and may get lost with no harm done:
workers look by themselves now and then.
"""

import os
import select
from contextlib import suppress
from pathlib import Path
from typing import Final

_MODE: Final = 0o600
_MOST: Final = 65_536
_CLOSED: Final = -1


class Wakes:
    """The pipe at `path`, which is made where it is not there; any process may open it."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with suppress(FileExistsError):
            os.mkfifo(path, _MODE)
        # For reading too, so that it opens with nobody at the other end and keeps what is in it.
        self._pipe = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)

    def close(self) -> None:
        """Let go of the pipe; again changes nothing."""
        pipe, self._pipe = self._pipe, _CLOSED
        # A number that is closed twice may be somebody else's by then.
        if pipe != _CLOSED:
            os.close(pipe)

    def wake(self) -> None:
        """Have whoever waits look at the rows."""
        if self._pipe == _CLOSED:
            return
        with suppress(BlockingIOError):  # full: they have been told often enough
            os.write(self._pipe, b"w")

    def wait(self, seconds: float) -> None:
        """Wait to be woken, for `seconds` at most."""
        poll = select.poll()
        poll.register(self._pipe, select.POLLIN)
        if poll.poll(seconds * 1000):
            with suppress(BlockingIOError):  # another worker was quicker to empty it
                os.read(self._pipe, _MOST)
