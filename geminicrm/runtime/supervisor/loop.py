"""The loop of the supervisor: one thread, sockets and pipes that are ready, timers."""

import heapq
import selectors
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Protocol, TypeAlias

Callback: TypeAlias = Callable[[], None]


class HasFileno(Protocol):
    """A socket, or anything else with a descriptor."""

    def fileno(self) -> int:
        """Give the descriptor."""


Watched: TypeAlias = int | HasFileno


@dataclass(order=True)
class Timer:
    """Something to do at a time of the loop's clock, unless it is cancelled before."""

    at: float
    number: int
    run: Callback = field(compare=False)
    cancelled: bool = field(compare=False, default=False)

    def cancel(self) -> None:
        """Don't do it."""
        self.cancelled = True


class Loop:
    """Calls what was asked for when its descriptor is ready or its time has come."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._timers: list[Timer] = []
        self._numbers = count()
        self._stopped = False

    def on_readable(self, watched: Watched, run: Callback) -> None:
        """Call `run` whenever there is something to read, or the other side has closed."""
        self._watch(watched, selectors.EVENT_READ, run)

    def on_writable(self, watched: Watched, run: Callback) -> None:
        """Call `run` whenever there is room to write; reading is not watched meanwhile."""
        self._watch(watched, selectors.EVENT_WRITE, run)

    def forget(self, watched: Watched) -> None:
        """Watch it no more; do so before it is closed. One that is not watched is no error."""
        if watched in self._selector.get_map():
            self._selector.unregister(watched)

    def later(self, seconds: float, run: Callback) -> Timer:
        """Call `run` once, after so many seconds."""
        timer = Timer(time.monotonic() + seconds, next(self._numbers), run)
        heapq.heappush(self._timers, timer)
        return timer

    def stop(self) -> None:
        """End `run` after the step it is in."""
        self._stopped = True

    def run(self) -> None:
        """Go on until stopped."""
        while not self._stopped:
            self.step(self._pause())

    def step(self, most: float | None) -> None:
        """Wait up to `most` seconds for something to do, and do it."""
        for key, _events in self._selector.select(most):
            # What an earlier callback of this step has closed is not ready any more. Asked by its
            # number: a closed socket has none, and the selector raises where it is asked by that.
            if self._selector.get_map().get(key.fd) is key:
                key.data()
        now = time.monotonic()
        while self._timers and (self._timers[0].cancelled or self._timers[0].at <= now):
            timer = heapq.heappop(self._timers)
            if not timer.cancelled:
                timer.run()

    def close(self) -> None:
        """Let go of the selector."""
        self._selector.close()

    def _watch(self, watched: Watched, events: int, run: Callback) -> None:
        if watched in self._selector.get_map():
            self._selector.modify(watched, events, run)
        else:
            self._selector.register(watched, events, run)

    def _pause(self) -> float | None:
        if not self._timers:
            return None
        return max(0.0, self._timers[0].at - time.monotonic())
