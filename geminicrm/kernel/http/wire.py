"""A socket with one deadline over all its reads and writes, and a ceiling on what it reads.

A socket's own timeout starts anew with every byte, so that a receiver which drips one byte a
second would hold a caller for ever; here each operation gets only the time that is left.
"""

import io
import socket
import time
from collections.abc import Callable

from typing_extensions import Buffer, override

_SEND_SLICE = 65_536
_READ_BUFFER = 65_536


class CeilingReached(Exception):
    """More bytes arrived than the caller is willing to read."""


class Deadline:
    """A point in time after which nothing goes on; seconds, monotonic."""

    def __init__(self, seconds: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._start = monotonic()
        self.seconds = seconds

    def elapsed(self) -> float:
        """Seconds since the start."""
        return self._monotonic() - self._start

    def remaining(self) -> float:
        """Seconds left, more than 0; TimeoutError where none are."""
        left = self.seconds - self.elapsed()
        if left <= 0:
            raise TimeoutError("The deadline has passed")
        return left


class _TimedReader(io.RawIOBase):
    def __init__(self, sock: socket.socket, deadline: Deadline, ceiling: int) -> None:
        super().__init__()
        self._sock = sock
        self._deadline = deadline
        self._left = ceiling

    @override
    def readable(self) -> bool:
        return True

    @override
    def readinto(self, buffer: Buffer, /) -> int:
        if self._left <= 0:
            raise CeilingReached
        self._sock.settimeout(self._deadline.remaining())
        count = self._sock.recv_into(buffer)
        self._left -= count
        return count


class TimedSocket:
    """What `http.client` needs of a socket, under a deadline (its `makefile` and `sendall`).

    `sent` turns true just before the first byte leaves.
    """

    def __init__(self, sock: socket.socket, deadline: Deadline, ceiling: int) -> None:
        self._sock = sock
        self._deadline = deadline
        self._ceiling = ceiling
        self.sent = False

    def sendall(self, data: bytes) -> None:
        """Send everything, or raise TimeoutError at the deadline."""
        view = memoryview(data)
        while view:
            self._sock.settimeout(self._deadline.remaining())
            self.sent = True
            view = view[self._sock.send(view[:_SEND_SLICE]) :]

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Give the reading side."""
        reader = _TimedReader(self._sock, self._deadline, self._ceiling)
        return io.BufferedReader(reader, _READ_BUFFER)

    def close(self) -> None:
        """Do nothing: `http.client` closes while it still reads; the client closes the socket."""
