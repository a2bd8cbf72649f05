"""Limits: throttles, circuit breakers and bulkheads of one process, and their arithmetic."""

import threading
from collections import OrderedDict, deque
from dataclasses import dataclass
from typing import Literal

from geminicrm.kernel.clock import Clock

_MAX_KEYS = 10_000

BreakerState = Literal["closed", "open", "half-open"]


@dataclass(frozen=True)
class SlidingWindow:
    """Counts of the present and the previous window; a value to store, changed by no method.

    `start` is the beginning of the present window in Unix seconds. The estimate takes the previous
    window's calls as spread evenly, which is right within a few percent and needs two numbers.
    """

    seconds: int
    start: int = 0
    previous: int = 0
    current: int = 0

    def at(self, now: float) -> "SlidingWindow":
        """Give the window as it stands at an instant (Unix seconds)."""
        start = window_start(now, self.seconds)
        if start <= self.start:
            return self
        previous = self.current if start == self.start + self.seconds else 0
        return SlidingWindow(self.seconds, start, previous, 0)

    def estimate(self, now: float) -> float:
        """Estimate the calls of the last `seconds`."""
        window = self.at(now)
        elapsed = min(max(now - window.start, 0.0), self.seconds)
        return window.current + window.previous * (1 - elapsed / self.seconds)

    def allows(self, now: float, limit: int) -> bool:
        """Say whether one more call stays within the limit."""
        return self.estimate(now) + 1 <= limit

    def counted(self, now: float, calls: int = 1) -> "SlidingWindow":
        """Give the window with some more calls."""
        window = self.at(now)
        return SlidingWindow(self.seconds, window.start, window.previous, window.current + calls)

    def retry_after(self, now: float, limit: int) -> float:
        """Give the seconds until one more call is allowed, 0 where it is now."""
        if self.allows(now, limit):
            return 0.0
        window = self.at(now)
        left = max(window.start + self.seconds - now, 0.0)
        if window.current + 1 <= limit:
            return left - self.seconds * (limit - 1 - window.current) / window.previous
        # The present calls alone fill the limit: they must first age into the previous window.
        return left + self.seconds * (1 - max(limit - 1, 0) / window.current)


def window_start(now: float, seconds: int) -> int:
    """Give the beginning of the fixed window that holds an instant (Unix seconds)."""
    return int(now // seconds) * seconds


class Throttle:
    """Token buckets by key: `capacity` at once, refilled in full every `per_seconds`.

    Holds at most 10,000 keys; past that the one unused for longest is forgotten.
    """

    def __init__(self, clock: Clock, capacity: int, per_seconds: float) -> None:
        self._clock = clock
        self._capacity = float(capacity)
        self._rate = capacity / per_seconds
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def try_take(self, key: str = "", tokens: float = 1.0) -> bool:
        """Take tokens; False, and nothing taken, where there are too few."""
        with self._lock:
            left, now = self._level(key)
            taken = tokens <= left
            self._buckets[key] = (left - tokens if taken else left, now)
            self._buckets.move_to_end(key)
            if len(self._buckets) > _MAX_KEYS:
                self._buckets.popitem(last=False)
            return taken

    def retry_after(self, key: str = "", tokens: float = 1.0) -> float:
        """Give the seconds until the tokens are there, 0 where they are."""
        with self._lock:
            left, _ = self._level(key)
        return max(tokens - left, 0.0) / self._rate

    def _level(self, key: str) -> tuple[float, float]:
        now = self._clock.now().timestamp()
        left, since = self._buckets.get(key, (self._capacity, now))
        # A clock that was set back must neither fill nor drain the bucket.
        return min(self._capacity, left + max(now - since, 0.0) * self._rate), now


class Breaker:
    """A circuit breaker: opens when failures outweigh successes, then lets one probe through.

    Every failure counts one, every success takes the oldest one away, and both are forgotten after
    `window` seconds: `failures` in a row open it, and so does a caller that mostly fails, while a
    rare failure among many successes does not. After `open_seconds` one call is let through
    (half-open): its success closes the breaker, its failure opens it again.
    """

    def __init__(self, clock: Clock, failures: int, window: float, open_seconds: float) -> None:
        self._clock = clock
        self._limit = failures
        self._window = window
        self._open_seconds = open_seconds
        self._lock = threading.Lock()
        self._failed: deque[float] = deque()
        self._opened: float | None = None
        self._probed: float | None = None

    @property
    def state(self) -> BreakerState:
        """The state now: closed, open or half-open."""
        with self._lock:
            return self._state(self._now())

    def allow(self) -> bool:
        """Say whether a call may go now; report each allowed call by `success` or `failure`."""
        with self._lock:
            now = self._now()
            state = self._state(now)
            if state == "half-open":
                # A probe that never reports must not hold the breaker for ever.
                if self._probed is not None and now - self._probed < self._open_seconds:
                    return False
                self._probed = now
            return state != "open"

    def success(self) -> None:
        """Report a call that went well."""
        with self._lock:
            state = self._state(self._now())
            if state == "half-open":
                self._reset()
            elif state == "closed" and self._failed:
                self._failed.popleft()

    def failure(self) -> None:
        """Report a call that failed."""
        with self._lock:
            now = self._now()
            state = self._state(now)
            if state == "half-open":
                self._open(now)
            elif state == "closed":
                self._count(now)

    def _count(self, now: float) -> None:
        self._failed.append(now)
        while now - self._failed[0] > self._window:
            self._failed.popleft()
        if len(self._failed) >= self._limit:
            self._open(now)

    def _open(self, now: float) -> None:
        self._reset()
        self._opened = now

    def _reset(self) -> None:
        self._failed.clear()
        self._opened = None
        self._probed = None

    def _state(self, now: float) -> BreakerState:
        if self._opened is None:
            return "closed"
        return "half-open" if now - self._opened >= self._open_seconds else "open"

    def _now(self) -> float:
        return self._clock.now().timestamp()


class Bulkhead:
    """Places for calls that may wait: `total` in all, and a limit for each key."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._lock = threading.Lock()
        self._inside: dict[str, int] = {}

    def try_enter(self, key: str, limit: int) -> bool:
        """Take a place, at once or not at all; give it back with `leave`."""
        with self._lock:
            mine = self._inside.get(key, 0)
            if mine >= limit or sum(self._inside.values()) >= self._total:
                return False
            self._inside[key] = mine + 1
            return True

    def leave(self, key: str) -> None:
        """Give a place back; RuntimeError where none was taken."""
        with self._lock:
            mine = self._inside.get(key, 0)
            if mine == 0:
                raise RuntimeError(f"leave({key!r}) without try_enter")
            if mine == 1:
                del self._inside[key]
            else:
                self._inside[key] = mine - 1
