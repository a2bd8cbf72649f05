"""Frames for a loop that never waits: a message comes in pieces and goes out in pieces."""

import struct
from typing import Any, Final, Generic, TypeVar

import msgspec

from geminicrm.runtime.host.messages import Message

MOST: Final = 1024 * 1024
"""Bytes of a message between parts of the core, which may speak of many hosts at once."""
_LENGTHS: Final = struct.Struct("!II")

M = TypeVar("M", bound=Message)


class FrameBroken(Exception):
    """What came is no message of the kind that is expected here."""


def framed(message: Message) -> bytes:
    """Give the bytes of a message, in the form of `host/wire.py`, without a body."""
    header = msgspec.msgpack.encode(message)
    return _LENGTHS.pack(len(header), 0) + header


class Messages(Generic[M]):
    """Gathers the messages that a connection brings, `number` of them at most."""

    def __init__(self, kind: Any, most: int = MOST, number: int = 1) -> None:
        self._decoder = msgspec.msgpack.Decoder(kind)
        self._most = most
        self._left = number
        self._data = bytearray()

    def feed(self, data: bytes) -> list[M]:
        """Take what came; give what is whole by now. Raises FrameBroken, also for one too many."""
        self._data += data
        whole = []
        while self._data and (message := self._next()) is not None:
            whole.append(message)
        return whole

    def _next(self) -> M | None:
        if not self._left:
            raise FrameBroken("there is a message too many")
        if len(self._data) < _LENGTHS.size:
            return None
        header, body = _LENGTHS.unpack_from(self._data)
        if header > self._most or body:
            raise FrameBroken(f"a message of {header} bytes and a body of {body} is not taken")
        end = _LENGTHS.size + header
        if len(self._data) < end:
            return None
        self._left -= 1
        read, self._data = bytes(self._data[_LENGTHS.size : end]), self._data[end:]
        try:
            message: M = self._decoder.decode(read)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise FrameBroken(f"a message can't be read: {str(error)[:200]}") from None
        return message


class OneMessage(Generic[M]):
    """Gathers the one message that a connection brings."""

    def __init__(self, kind: Any, most: int = MOST) -> None:
        self._messages: Messages[M] = Messages(kind, most)

    def feed(self, data: bytes) -> M | None:
        """Take what came; give the message once it is whole. Raises FrameBroken."""
        return next(iter(self._messages.feed(data)), None)
