"""Bodies that are longer than a frame: sent as they come, read as they come."""

import time
from collections.abc import Iterable, Iterator
from typing import Any, Final, TypeAlias

import msgspec

from geminicrm.runtime.host.messages import Answer, Chunk, HttpBack, HttpReply, Request
from geminicrm.runtime.host.wire import Wire, WireBroken

CHUNK: Final = 256 * 1024
_FULL: Final = 64 * 1024
_PAUSE: Final = 0.02

Bodied: TypeAlias = Request | HttpReply | HttpBack | Answer
"""A message whose body may go on as Chunk."""


def send_long(wire: Wire[Any], message: Bodied, body: bytes, *, deadline: float) -> None:
    """Send a message with a body of any length. Raises as `Wire.send`."""
    if len(body) <= CHUNK:
        wire.send(message, body, deadline=deadline)
        return
    wire.send(msgspec.structs.replace(message, more=True), body[:CHUNK], deadline=deadline)
    for at in range(CHUNK, len(body), CHUNK):
        more = at + CHUNK < len(body)
        wire.send(Chunk(message.id, more), body[at : at + CHUNK], deadline=deadline)


def send_stream(
    wire: Wire[Any], message: Bodied, parts: Iterable[bytes], *, deadline: float
) -> None:
    """Send a message whose body is still being made.

    Parts that follow each other quickly go together. Raises as `Wire.send`, and whatever making a
    part raises; then the stream has no end.
    """
    wire.send(msgspec.structs.replace(message, more=True), deadline=deadline)
    for piece in _gathered(parts):
        for at in range(0, len(piece), CHUNK):
            wire.send(Chunk(message.id, more=True), piece[at : at + CHUNK], deadline=deadline)
    wire.send(Chunk(message.id, more=False), deadline=deadline)


def incoming(
    wire: Wire[Any], message: Bodied, first: bytes, *, most: int, deadline: float
) -> Iterator[bytes]:
    """Give the body of a message piece by piece; `first` came with it.

    Raises as `Wire.receive`, WireBroken also where it is longer than `most` bytes.
    """
    size, more = len(first), message.more
    if size > most:
        raise _too_long(most)
    if first:
        yield first
    while more:
        chunk, piece = wire.receive(deadline=deadline)
        if not isinstance(chunk, Chunk) or chunk.id != message.id:
            raise WireBroken(f"{type(chunk).__name__} came instead of the rest of a body")
        more = chunk.more
        size += len(piece)
        if size > most:
            raise _too_long(most)
        if piece:
            yield piece
        elif more:
            raise WireBroken("an empty piece of a body, and more to come")


def receive_rest(
    wire: Wire[Any], message: Bodied, first: bytes, *, most: int, deadline: float
) -> bytes:
    """Give the whole body of a message; raises as `incoming`."""
    if not message.more and len(first) <= most:
        return first
    return b"".join(incoming(wire, message, first, most=most, deadline=deadline))


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


def _too_long(most: int) -> WireBroken:
    return WireBroken(f"a body is longer than {most} bytes")
