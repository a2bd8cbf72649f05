"""What one process has seen of a watched version, in memory."""

import threading
from dataclasses import dataclass
from datetime import datetime

from geminicrm.runtime.watching.judging import Count

_LONGEST = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A version that is watched `until` an instant; `before` is the digest that it replaced."""

    installation_id: str
    workspace_id: str
    extension_id: str
    digest: str
    before: str
    until: datetime


class Counter:
    """Counts the calls into a watched version; any thread may."""

    def __init__(self, watched: Watched) -> None:
        self.watched = watched
        self._lock = threading.Lock()
        self._calls = self._failures = 0
        self._last: str | None = None
        self.trouble: str | None = None

    def called(self) -> None:
        """Count a call, however it ended."""
        with self._lock:
            self._calls += 1

    def failed(self, reason: str, *, paused: bool = False) -> None:
        """Count that a call failed; `paused` says that its kind is left out from now on."""
        with self._lock:
            self._failures += 1
            self._last = reason[:_LONGEST]
            if paused:
                self.trouble = f"Calls failed one after another: {self._last}"

    def broken(self, reason: str) -> None:
        """Take note that it can't be loaded in this process."""
        self.trouble = f"It can't be loaded: {reason[:_LONGEST]}"

    def seen(self) -> tuple[Count, str | None]:
        """Give what was counted so far, and the last failure in words."""
        with self._lock:
            # A failure is noted within its call, which is counted when it ends.
            return Count(max(self._calls, self._failures), self._failures), self._last
