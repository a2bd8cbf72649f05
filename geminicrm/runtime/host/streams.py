"""Bodies that are longer than a frame: sent as they come, read as they come."""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, Protocol, TypeAlias

import msgspec

from geminicrm.runtime.host.messages import Answer, Chunk, HttpBack, HttpReply, Message, Request
from geminicrm.runtime.host.wire import Wire, WireBroken

CHUNK: Final = 256 * 1024
_FULL: Final = 64 * 1024
_PAUSE: Final = 0.02

Bodied: TypeAlias = Request | HttpReply | HttpBack | Answer
"""A message whose body may go on as Chunk."""


Meanwhile: TypeAlias = Callable[[Any, bytes], None]
"""Takes a message that came between two pieces of a body; may raise to end the reading."""


class Sends(Protocol):
    """What sends frames: a Wire, or one that several threads share."""

    def send(self, message: Message, body: bytes = b"", *, deadline: float) -> None:
        """Write one frame."""
        ...


def send_long(wire: Sends, message: Bodied, body: bytes, *, deadline: float) -> None:
    """Send a message with a body of any length. Raises as `Wire.send`."""
    if len(body) <= CHUNK:
        wire.send(message, body, deadline=deadline)
        return
    wire.send(msgspec.structs.replace(message, more=True), body[:CHUNK], deadline=deadline)
    for at in range(CHUNK, len(body), CHUNK):
        more = at + CHUNK < len(body)
        wire.send(Chunk(message.id, more), body[at : at + CHUNK], deadline=deadline)


def send_stream(wire: Sends, message: Bodied, parts: Iterable[bytes], *, deadline: float) -> None:
    """Send a message whose body is still being made, but for its end: see `send_end`.

    Parts that follow each other quickly go together. Raises as `Wire.send`, and whatever making a
    part raises.
    """
    pieces = (
        piece[at : at + CHUNK] for piece in _gathered(parts) for at in range(0, len(piece), CHUNK)
    )
    first = msgspec.structs.replace(message, more=True)
    wire.send(first, next(pieces, b""), deadline=deadline)
    for piece in pieces:
        wire.send(Chunk(message.id, more=True), piece, deadline=deadline)


def send_end(wire: Sends, message: Bodied, *, deadline: float) -> None:
    """Say that the body of a streamed message is complete. Raises as `Wire.send`."""
    wire.send(Chunk(message.id, more=False), deadline=deadline)


def incoming(
    wire: Wire[Any],
    message: Bodied,
    first: bytes,
    *,
    most: int,
    deadline: float,
    meanwhile: Meanwhile | None = None,
) -> Iterator[bytes]:
    """Give the body of a message piece by piece; `first` came with it.

    `meanwhile` takes other messages that come in between, without it there may be none. Raises as
    `Wire.receive`, WireBroken also where the body is longer than `most` bytes.
    """
    size, more, piece = len(first), message.more, first
    while True:
        if size > most:
            raise WireBroken(f"a body is longer than {most} bytes")
        if piece:
            yield piece
        if not more:
            return
        chunk, piece = _next_piece(wire, message, deadline, meanwhile)
        more = chunk.more
        size += len(piece)


def receive_rest(
    wire: Wire[Any],
    message: Bodied,
    first: bytes,
    *,
    most: int,
    deadline: float,
    meanwhile: Meanwhile | None = None,
) -> bytes:
    """Give the whole body of a message; as `incoming`."""
    if not message.more and len(first) <= most:
        return first
    pieces = incoming(wire, message, first, most=most, deadline=deadline, meanwhile=meanwhile)
    return b"".join(pieces)


def _next_piece(
    wire: Wire[Any], message: Bodied, deadline: float, meanwhile: Meanwhile | None
) -> tuple[Chunk, bytes]:
    while True:
        found, piece = wire.receive(deadline=deadline)
        if isinstance(found, Chunk) and found.id == message.id:
            if found.more and not piece:
                raise WireBroken("an empty piece of a body, and more to come")
            return found, piece
        if meanwhile is None or isinstance(found, Chunk):
            raise WireBroken(f"{type(found).__name__} came instead of the rest of a body")
        meanwhile(found, piece)


def _gathered(parts: Iterable[bytes]) -> Iterator[bytes]:
    held = bytearray()
    sent_at = 0.0
    for part in parts:
        held += part
        now = time.monotonic()
        if held and (len(held) >= _FULL or now - sent_at > _PAUSE):
            yield bytes(held)
            held.clear()
            sent_at = now
    if held:
        yield bytes(held)
