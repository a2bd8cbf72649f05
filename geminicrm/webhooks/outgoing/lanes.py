"""The errands of one endpoint: in their order, so many at once, at its pace. For one loop."""

import time
from collections import deque
from collections.abc import Callable
from typing import Final

from geminicrm.webhooks.outgoing.claims import Errand

_LATEST: Final = 2.0
"""Nobody plans further ahead, in seconds: a start beyond means that the clock was set."""


class Lane:
    """Begins errands by calling `begin`; `later` has it look again after some seconds."""

    def __init__(
        self,
        begin: Callable[[Errand], object],
        later: Callable[[float, Callable[[], None]], object],
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._begin = begin
        self._later = later
        self._wall = wall
        self._monotonic = monotonic
        self._waiting: deque[Errand] = deque()
        self._running = 0
        self._at_once = 1
        self._looks = False
        self._last = -_LATEST

    @property
    def empty(self) -> bool:
        """Whether there is nothing in it."""
        return not self._waiting and not self._running

    def add(self, errand: Errand) -> None:
        """Take one more; the last that comes says how many run at once."""
        self._waiting.append(errand)
        self._at_once = errand.at_once
        self.look()

    def ended(self) -> None:
        """Note that one is over."""
        self._running -= 1
        self.look()

    def forget(self) -> None:
        """Let go of what was not begun."""
        self._waiting.clear()

    def look(self) -> None:
        """Begin what may begin now."""
        while self._waiting and self._running < self._at_once and not self._looks:
            wait = self._seconds_until(self._waiting[0])
            if wait > 0:
                self._looks = True
                self._later(wait, self._look_again)
                return
            self._running += 1
            self._last = self._monotonic()
            self._begin(self._waiting.popleft())

    def _look_again(self) -> None:
        self._looks = False
        self.look()

    def _seconds_until(self, errand: Errand) -> float:
        if not errand.rate:
            return 0.0
        # What was late must not be followed by more than its pace allows.
        behind = self._last + 1 / errand.rate - self._monotonic()
        planned = errand.start - self._wall()
        return max(behind, planned if planned < _LATEST else 0.0)
