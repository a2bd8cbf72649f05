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
        self.got = 0
        self.over = False

    @override
    def readable(self) -> bool:
        return True

    @override
    def readinto(self, buffer: Buffer, /) -> int:
        if self.over:
            return 0
        if self._left <= 0:
            raise CeilingReached
        self._sock.settimeout(self._deadline.remaining())
        count = self._sock.recv_into(buffer)
        self._left -= count
        self.got += count
        return count


class _Reader(io.BufferedReader):
    """Tells when it is closed whether it had read further than was asked for."""

    def __init__(self, raw: _TimedReader) -> None:
        super().__init__(raw, _READ_BUFFER)
        self._timed = raw
        self.leftover = False

    @override
    def close(self) -> None:
        if not self.closed:
            self._timed.over = True  # to look into the buffer must not wait for the socket
            self.leftover = bool(self.peek(1))
        super().close()


class TimedSocket:
    """What `http.client` needs of a socket, under a deadline (its `makefile` and `sendall`).

    `sent` turns true just before the first byte leaves. One is made for each request, also on a
    connection that has served others.
    """

    def __init__(self, sock: socket.socket, deadline: Deadline, ceiling: int) -> None:
        self._sock = sock
        self._deadline = deadline
        self.sent = False
        self._raw = _TimedReader(sock, deadline, ceiling)
        self._reader = _Reader(self._raw)

    @property
    def answered(self) -> bool:
        """Whether any byte has come."""
        return self._raw.got > 0

    @property
    def leftover(self) -> bool:
        """Whether more had come than the answer, once that is read."""
        return self._reader.leftover

    def sendall(self, data: bytes) -> None:
        """Send everything, or raise TimeoutError at the deadline."""
        view = memoryview(data)
        while view:
            self._sock.settimeout(self._deadline.remaining())
            began, self.sent = self.sent, True
            try:
                view = view[self._sock.send(view[:_SEND_SLICE]) :]
            except (BrokenPipeError, ConnectionResetError):
                # The machine took none of it; of TLS at most a part of a record that nobody reads.
                self.sent = began
                raise

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Give the reading side, which there is one of."""
        return self._reader

    def close(self) -> None:
        """Do nothing: `http.client` closes while it still reads; the client closes the socket."""
