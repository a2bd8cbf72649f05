"""Connections to receivers that stay open for the next delivery."""

import time
from collections.abc import Callable
from typing import Final, TypeAlias

from geminicrm.webhooks.outgoing.wires import Wire

IDLE_SECONDS: Final = 15.0
LIFE_SECONDS: Final = 300.0
"""A name may lead elsewhere by now: after so long it is looked up and checked again."""
MOST: Final = 256
Key: TypeAlias = tuple[str, str]
"""Whose it is, and scheme, host and port: one endpoint's connection serves no other."""


class Kept:
    """Up to MOST idle connections. For one loop."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._idle: dict[Key, list[Wire]] = {}
        self._count = 0

    def take(self, key: Key) -> Wire | None:
        """Give the one that was used last and seems alive."""
        mine = self._idle.get(key, [])
        while mine:
            wire = mine.pop()
            self._count -= 1
            if not mine:
                del self._idle[key]
            if self._young(wire) and wire.usable:
                return wire
            wire.abort()
        return None

    def give(self, key: Key, wire: Wire) -> None:
        """Keep one whose answer was read to its end; it is closed where there is no place."""
        if self._count >= MOST:
            wire.abort()
            return
        wire.since = self._monotonic()
        self._idle.setdefault(key, []).append(wire)
        self._count += 1

    def tidy(self) -> None:
        """Close those that nobody may use any more."""
        self._drop(lambda wire: not (wire.usable and self._young(wire)))

    def close(self) -> None:
        """Close all."""
        self._drop(lambda _wire: True)

    def _young(self, wire: Wire) -> bool:
        now = self._monotonic()
        return now - wire.since <= IDLE_SECONDS and now - wire.born <= LIFE_SECONDS

    def _drop(self, over: Callable[[Wire], bool]) -> None:
        for key, mine in list(self._idle.items()):
            for wire in [one for one in mine if over(one)]:
                mine.remove(wire)
                self._count -= 1
                wire.abort()
            if not mine:
                del self._idle[key]
