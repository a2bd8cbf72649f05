"""Frames on a unix stream socket: eight bytes of lengths, a typed header, raw bytes.

A reader takes what comes, never what is announced: a frame grows it by at most four times its
size and `FLOOR` bytes, whatever it holds. One deadline covers a whole frame, so that a slow drip
does not outlive it.
"""

import select
import socket
import struct
import time
from typing import Any, Final, Generic, TypeVar

import msgspec

from geminicrm.runtime.host.messages import Message

MOST_HEADER: Final = 16 * 1024
"""Bytes of a header between a core and a host."""
MOST_CONTROL_HEADER: Final = 1024 * 1024
"""Bytes of a header between parts of the core, which may speak of many hosts at once."""
MOST_BODY: Final = 4 * 1024 * 1024
"""Raw bytes of one frame: the longest value. Bodies of HTTP come in pieces, see `streams.py`."""
FLOOR: Final = 64 * 1024
"""What a frame of any size may cost."""

_LENGTHS: Final = struct.Struct("!II")
_AHEAD: Final = 8 * 1024
_STEP: Final = 32 * 1024
_LONGEST_WAIT: Final = 2**31 - 1

M_co = TypeVar("M_co", bound=Message, covariant=True)


class WireError(Exception):
    """Base of what can go wrong between two processes; the connection is of no use any more."""


class WireClosed(WireError):
    """The other side has closed the connection, between two frames."""


class WireBroken(WireError):
    """The other side does not keep to the protocol, or was cut off inside of a frame."""


class WireTimeout(WireError):
    """The deadline has passed."""


class TooLong(WireError):
    """A message is longer than a frame may be. Nothing was sent: the connection is still good."""


class Wire(Generic[M_co]):
    """One side of a connected socket, which reads messages of the union `kind`.

    The socket belongs to it from now on. One thread may read while another one writes, no more.
    Deadlines are those of `time.monotonic()`. After a WireError other than TooLong: close it.
    """

    def __init__(self, sock: socket.socket, kind: Any, most_header: int = MOST_HEADER) -> None:
        sock.settimeout(0)
        self._socket = sock
        self._most_header = most_header
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(kind).decode
        self._to_read = _poll(sock, select.POLLIN)
        self._to_write = _poll(sock, select.POLLOUT)
        self._ahead = b""

    def send(self, message: Message, body: bytes = b"", *, deadline: float) -> None:
        """Write one frame. Raises WireClosed, WireBroken, WireTimeout; TooLong."""
        header = self._encode(message)
        if len(header) > self._most_header or len(body) > MOST_BODY:
            name = type(message).__name__
            raise TooLong(f"{name} has {len(header)} bytes of header, {len(body)} of body")
        frame = b"".join((_LENGTHS.pack(len(header), len(body)), header, body))
        sent = self._send_some(frame)
        if sent < len(frame):
            self._send_rest(memoryview(frame)[sent:], deadline, started=sent > 0)

    def receive(self, *, deadline: float) -> tuple[M_co, bytes]:
        """Read one frame. Raises WireClosed, WireBroken, WireTimeout."""
        lengths = self._take(_LENGTHS.size, deadline, started=False)
        header_length, body_length = _LENGTHS.unpack(lengths)
        if header_length > self._most_header or body_length > MOST_BODY:
            raise WireBroken(f"a frame of {header_length} and {body_length} bytes is too long")
        header = self._take(header_length, deadline)
        message = self._read(header)
        return message, self._take(body_length, deadline) if body_length else b""

    def readable(self) -> bool:
        """Tell whether there is anything to read, or the other side has closed."""
        return bool(self._ahead) or is_readable(self._socket)

    def close(self) -> None:
        """Close the socket; what another thread does with it fails."""
        self._socket.close()

    def _read(self, header: bytes) -> M_co:
        try:
            message: M_co = self._decode(header)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            # Not the whole of it, which may hold what was sent.
            raise WireBroken(f"a header can't be read: {str(error)[:200]}") from None
        return message

    def _take(self, count: int, deadline: float, *, started: bool = True) -> bytes:
        ahead = self._ahead
        if len(ahead) >= count:
            self._ahead = ahead[count:]
            return ahead[:count]
        pieces = [ahead]
        missing = count - len(ahead)
        self._ahead = b""
        while missing > 0:
            data = self._receive_some(missing, deadline)
            if not data:
                raise _ended(started=started or missing < count)
            pieces.append(data if len(data) <= missing else data[:missing])
            self._ahead = data[missing:]
            missing -= len(data)
        return b"".join(pieces)

    def _receive_some(self, missing: int, deadline: float) -> bytes:
        size = max(_AHEAD, min(missing, _STEP))
        while True:
            _wait(self._to_read, deadline)
            try:
                return self._socket.recv(size)
            except BlockingIOError:
                continue  # the kernel said so too early
            except OSError:
                return b""  # reset: the same as closed

    def _send_rest(self, rest: memoryview, deadline: float, *, started: bool) -> None:
        while rest:
            try:
                _wait(self._to_write, deadline)
                rest = rest[self._send_some(rest) :]
            except WireClosed:
                raise _ended(started=started) from None
            started = True

    def _send_some(self, data: bytes | memoryview) -> int:
        try:
            return self._socket.send(data)
        except BlockingIOError:
            return 0
        except OSError as error:
            raise WireClosed(f"the other side has closed the connection: {error}") from None


def is_readable(sock: socket.socket) -> bool:
    """Tell whether there is anything to read, or the other side has closed."""
    return bool(_poll(sock, select.POLLIN).poll(0))


def _poll(sock: socket.socket, events: int) -> select.poll:
    poll = select.poll()
    poll.register(sock, events)
    return poll


def _wait(poll: select.poll, deadline: float) -> None:
    left = deadline - time.monotonic()
    if left <= 0 or not poll.poll(min(left * 1000, _LONGEST_WAIT)):
        raise WireTimeout("the time of the call is over")


def _ended(*, started: bool) -> WireError:
    if started:
        return WireBroken("the connection ended inside of a frame")
    return WireClosed("the other side has closed the connection")
