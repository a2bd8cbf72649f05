"""Connections to hosts: each is used by one thread at a time and kept for the next."""

import socket
import threading
from collections.abc import Callable

from geminicrm.runtime.host.messages import Hello, ToCore
from geminicrm.runtime.host.wire import Wire, WireBroken

MOST_IDLE = 4


class Connection:
    """One connection to one generation of a host; conversations follow each other on it."""

    def __init__(self, sock: socket.socket, generation: int) -> None:
        self.wire: Wire[ToCore] = Wire(sock, ToCore)
        self.generation = generation
        self.is_leaving = False
        self._number = 0

    def greet(self, deadline: float) -> None:
        """Wait until the host takes it up. Raises WireError, also for another generation."""
        hello, _ = self.wire.receive(deadline=deadline)
        if not isinstance(hello, Hello) or hello.generation != self.generation:
            raise WireBroken(f"generation {self.generation} was expected, not {hello!r:.80}")

    def next_number(self) -> int:
        """Give the number of the next conversation."""
        self._number += 1
        return self._number

    def is_quiet(self) -> bool:
        """Tell whether it can be used: a host says nothing of itself but that it goes away."""
        return not self.wire.readable()

    def close(self) -> None:
        """Close it."""
        self.wire.close()


class Pool:
    """The idle connections to one host; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[Connection] = []

    def __len__(self) -> int:
        return len(self._idle)

    def take(self) -> Connection | None:
        """Give one that is good, the one used last."""
        while True:
            with self._lock:
                connection = self._idle.pop() if self._idle else None
            if connection is None or connection.is_quiet():
                return connection
            connection.close()

    def give(self, connection: Connection) -> None:
        """Keep one for the next call, unless the host leaves or there are enough."""
        with self._lock:
            kept = not connection.is_leaving and len(self._idle) < MOST_IDLE
            if kept:
                self._idle.append(connection)
        if not kept:
            connection.close()

    def keep(self, wanted: Callable[[Connection], bool]) -> None:
        """Close those that are not wanted."""
        with self._lock:
            kept = [one for one in self._idle if wanted(one)]
            closed = [one for one in self._idle if one not in kept]
            self._idle = kept
        for connection in closed:
            connection.close()

    def close(self) -> None:
        """Close all."""
        self.keep(lambda _connection: False)
