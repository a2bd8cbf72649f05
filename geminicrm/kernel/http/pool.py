"""Connections that stay open between two requests of one caller to one origin."""

import select
import socket
import ssl
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

IDLE_SECONDS: Final = 30.0
LIFE_SECONDS: Final = 300.0
"""A name may lead elsewhere by now: after so long it is looked up and checked again."""
MOST: Final = 256

PoolKey: TypeAlias = tuple[str, str]
"""Whose it is, and scheme, host and port: what one caller opened serves no other."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An open connection to an address that passed the guard; monotonic seconds."""

    sock: socket.socket
    born: float
    since: float


class Pool:
    """Keeps up to `size` idle connections of each key, and 256 in all; safe for many threads."""

    def __init__(self, size: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._size = size
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._idle: OrderedDict[PoolKey, list[Kept]] = OrderedDict()
        self._count = 0

    def take(self, key: PoolKey, idle_seconds: float) -> Kept | None:
        """Give the one that was used last and seems alive, idle for so long at most."""
        while (kept := self._pop(key)) is not None:
            now = self._monotonic()
            young = now - kept.since <= idle_seconds and now < kept.born + LIFE_SECONDS
            if young and _is_quiet(kept.sock):
                return kept
            kept.sock.close()
        return None

    def give(self, key: PoolKey, sock: socket.socket, born: float) -> None:
        """Keep one whose answer was read to its end; it is closed where there is no place."""
        with self._lock:
            mine = self._idle.setdefault(key, [])
            mine.append(Kept(sock, born, self._monotonic()))
            self._idle.move_to_end(key)
            self._count += 1
            dropped = mine.pop(0) if len(mine) > self._size else None
            if dropped is None and self._count > MOST:
                dropped = self._oldest()
            self._count -= dropped is not None
        if dropped is not None:
            dropped.sock.close()

    def tidy(self) -> None:
        """Close those that nobody may use any more."""
        self._close(lambda kept: self._monotonic() - kept.since > IDLE_SECONDS)

    def close(self) -> None:
        """Close all that are idle."""
        self._close(lambda _kept: True)

    def _pop(self, key: PoolKey) -> Kept | None:
        with self._lock:
            mine = self._idle.get(key)
            if not mine:
                return None
            kept = mine.pop()
            self._count -= 1
            if not mine:
                del self._idle[key]
            return kept

    def _oldest(self) -> Kept:
        key, mine = next(iter(self._idle.items()))
        kept = mine.pop(0)
        if not mine:
            del self._idle[key]
        return kept

    def _close(self, over: Callable[[Kept], bool]) -> None:
        with self._lock:
            gone = [kept for mine in self._idle.values() for kept in mine if over(kept)]
            left = {
                key: [one for one in mine if one not in gone] for key, mine in self._idle.items()
            }
            self._idle = OrderedDict((key, mine) for key, mine in left.items() if mine)
            self._count -= len(gone)
        for kept in gone:
            kept.sock.close()


def _is_quiet(sock: socket.socket) -> bool:
    """Tell whether nothing has come: an end, or bytes that nobody asked for, are no good sign."""
    if isinstance(sock, ssl.SSLSocket) and sock.pending():
        return False
    poll = select.poll()  # select.select knows no file descriptor above 1023
    poll.register(sock, select.POLLIN)
    return not poll.poll(0)
