"""How many calls into extensions may run at once in one process: the bulkhead."""

import threading
import time
from collections.abc import Callable
from itertools import chain


class Slots:
    """`each` places per installation, `total` over all of them.

    Who finds no place waits for a moment, since most calls take milliseconds; but where every
    call in the way has run for longer than that moment already, nobody waits: a slow extension
    must not collect the worker's threads in its queue.
    """

    def __init__(
        self, total: int, each: int = 2, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._total = total
        self._each = each
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._freed = threading.Condition(self._lock)
        self._waiting = 0
        self._running: dict[str, list[float]] = {}
        self._threads = 0

    def enter(self, key: str, patience: float, *, nested: bool) -> float | None:
        """Take a place, waiting for up to `patience` seconds; None where there is none.

        Give the answer back to `leave`. A `nested` call runs on a thread that is counted already,
        so it needs no place of the total.
        """
        with self._lock:
            now = self._monotonic()
            until = now + patience
            while not self._has_room(key, nested=nested):
                if until <= now or self._is_stuck(key, now - patience):
                    return None
                self._waiting += 1
                self._freed.wait(until - now)
                self._waiting -= 1
                now = self._monotonic()
            mine = self._running.get(key)
            if mine is None:
                self._running[key] = [now]
            else:
                mine.append(now)
            self._threads += not nested
            return now

    def leave(self, key: str, entered: float, *, nested: bool) -> None:
        """Give the place back."""
        with self._lock:
            mine = self._running[key]
            mine.remove(entered)
            if not mine:
                del self._running[key]
            self._threads -= not nested
            if self._waiting:
                self._freed.notify_all()

    def running(self, key: str) -> int:
        """Count the places that are taken."""
        with self._lock:
            return len(self._running.get(key, ()))

    def _has_room(self, key: str, *, nested: bool) -> bool:
        mine = self._running.get(key)
        free = mine is None or len(mine) < self._each
        return free and (nested or self._threads < self._total)

    def _is_stuck(self, key: str, since: float) -> bool:
        mine = self._running.get(key, [])
        in_the_way = mine if len(mine) >= self._each else chain(*self._running.values())
        return all(entered < since for entered in in_the_way)
