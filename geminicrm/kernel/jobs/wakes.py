"""Waking workers: a named pipe in the home tells those of this machine, and costs them nothing.

A byte in it means: look at the rows. It says nothing else, and may get lost with no harm done:
workers look by themselves now and then. Workers of other machines hear of it by way of Redis.
"""

import os
import select
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Final

_MODE: Final = 0o600
_MOST: Final = 65_536
_WITH_REDIS: Final = "geminicrm.kernel.jobs.rq_wakes"


class Wakes:
    """The pipe at `path`, which is made where it is not there; any process may open it."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with suppress(FileExistsError):
            os.mkfifo(path, _MODE)
        # For reading too, so that it opens with nobody at the other end and keeps what is in it.
        self._pipe = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        self._own, self._nudge = os.pipe()
        for end in (self._own, self._nudge):
            os.set_blocking(end, False)
        self._closed = False

    def close(self) -> None:
        """Let go of the pipes; again changes nothing."""
        # A number that is closed twice may be somebody else's by then.
        if self._closed:
            return
        self._closed = True
        for end in (self._pipe, self._own, self._nudge):
            os.close(end)

    def wake(self) -> None:
        """Have some worker look at the rows."""
        self._write(self._pipe)

    def nudge(self) -> None:
        """Have this process look at the rows, and no other."""
        self._write(self._nudge)

    def pass_on(self) -> None:
        """Have a worker of another machine look: this one has its hands full."""

    def listen(self, full: Callable[[], bool]) -> None:
        """Be woken by other machines too from now on, unless this one's hands are `full`."""

    def wait(self, seconds: float) -> None:
        """Wait to be woken, for `seconds` at most."""
        poll = select.poll()
        for end in (self._pipe, self._own):
            poll.register(end, select.POLLIN)
        for end, _what in poll.poll(seconds * 1000):
            with suppress(BlockingIOError):  # another worker was quicker to empty it
                os.read(end, _MOST)

    def _write(self, end: int) -> None:
        if not self._closed:  # a thread that hung in a job may end after all
            with suppress(BlockingIOError):  # full: they have been told often enough
                os.write(end, b"w")


def open_wakes(path: Path, redis_url: str | None) -> Wakes:
    """Give what wakes workers: of this machine, and with Redis of any machine."""
    if redis_url is None:
        return Wakes(path)
    # RQ takes megabytes of every process: only where there is a Redis for it.
    made: Wakes = import_module(_WITH_REDIS).RqWakes(path, redis_url)
    return made
