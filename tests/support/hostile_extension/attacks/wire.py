"""The connection to the core: what comes over it when a host does not keep to the protocol.

Each of these writes on the connection of its own call, in the middle of it, and then waits: the
core is to be done with the call, whatever comes.
"""

import os
import socket
import stat
import struct
import time
from collections.abc import Iterator

import msgspec

from geminicrm.runtime.host import messages

from .tools import Attack, Missed, Target

_LENGTHS = struct.Struct("!II")
_MIB = 1024 * 1024
_MOST_HEADER = 16 * 1024
_HANG_SECONDS = 30.0
_PAUSE_SECONDS = 0.2


def _connections() -> list[int]:
    """Give the descriptors of every connected socket of this process."""
    found = []
    for number in range(3, 256):
        try:
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                with socket.socket(fileno=os.dup(number)) as made:
                    made.getpeername()
                found.append(number)
        except OSError:
            continue
    if not found:
        raise Missed("there is no connection")
    return found


def _write(data: bytes) -> str:
    """Write on every connection; what another call hears there is its extension's own harm."""
    for each in _connections():
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[os.write(each, rest) :]
            except BlockingIOError:
                time.sleep(0.001)  # the core is slower than we are
    return f"{len(data)} bytes"


def frame(message: object, body: bytes = b"") -> bytes:
    """Give a frame as it should be."""
    header = msgspec.msgpack.encode(message)
    return _LENGTHS.pack(len(header), len(body)) + header + body


def _then_wait(data: bytes) -> Attack:
    def attack(_target: Target) -> str:
        written = _write(data)
        time.sleep(_HANG_SECONDS)  # the core is to end this call without us
        return written

    return attack


def slow_drip(_target: Target) -> str:
    """A byte at a time outlives a limit that is set for each read."""
    data = frame(messages.Answer(id=1, status="200 OK", headers=()), b"x" * 1_000)
    for each in data:
        _write(bytes([each]))
        time.sleep(_PAUSE_SECONDS)  # the attack
    return "all of it"


def endless_chunks(_target: Target) -> str:
    """More than an answer may have, without an end."""
    data = frame(messages.Chunk(id=1, more=True), b"x" * _MIB)
    for _ in range(200):
        _write(data)
    return "200 MiB"


def hang_up(_target: Target) -> str:
    for each in _connections():
        with socket.socket(fileno=os.dup(each)) as made:
            made.shutdown(socket.SHUT_RDWR)
    return "hung up"


def half_a_frame(_target: Target) -> str:
    _write(frame(messages.Answer(id=1, status="200 OK", headers=()), b"x" * 100)[:20])
    return hang_up(_target)


def _answers() -> Iterator[bytes]:
    """Answers to calls of others, of earlier and of later."""
    for number in range(1, 2_000):
        yield frame(messages.Answer(id=number, status="200 OK", headers=()), b"forged")


def _values() -> Iterator[bytes]:
    for number in range(1, 500):
        yield frame(messages.Value(id=number), b'{"forged": true}')


def _backs() -> Iterator[bytes]:
    """Calls back in the name of other conversations, earlier ones among them."""
    for number in range(1, 2_000):
        back = messages.Back(id=number, seq=1, door="leads", method="list")
        yield frame(back, b'{"limit": 50, "cursor": null, "filters": {}}')


ATTACKS: dict[str, Attack] = {
    "slow_drip": slow_drip,
    "endless_chunks": endless_chunks,
    "hang_up": hang_up,
    "half_a_frame": half_a_frame,
    "huge_header": _then_wait(_LENGTHS.pack(2**32 - 1, 0)),
    "huge_body": _then_wait(_LENGTHS.pack(4, 2**32 - 1)),
    "header_beyond_the_limit": _then_wait(_LENGTHS.pack(_MOST_HEADER + 1, 0) + b"\x90" * 70_000),
    "empty_header": _then_wait(_LENGTHS.pack(0, 0)),
    "random_bytes": _then_wait(bytes(range(256)) * 40),
    "text_instead": _then_wait(b"GET / HTTP/1.1\r\nHost: core\r\n\r\n"),
    "nested": _then_wait(_LENGTHS.pack(_MOST_HEADER, 0) + b"\x91" * _MOST_HEADER),
    "long_list": _then_wait(_LENGTHS.pack(6, 0) + b"\xdd\xff\xff\xff\xff\x00"),
    "truncated": _then_wait(frame(messages.Answer(id=1, status="200 OK", headers=()))[:-3]),
    "wrong_types": _then_wait(frame([16, "one", 200, {"a": 1}])),
    "unknown_tag": _then_wait(frame([99, 1, 2, 3])),
    "unknown_fields": _then_wait(frame([13, 1, "200 OK", [], False, "more", "more"])),
    "wrong_direction": _then_wait(frame(messages.Reply(id=1, seq=1), b"{}")),
    "hello_again": _then_wait(frame(messages.Hello(generation=1))),
    "goaway_in_the_middle": _then_wait(frame(messages.Goaway())),
    "chunk_of_nothing": _then_wait(frame(messages.Chunk(id=1, more=True), b"x")),
    "answers_of_others": _then_wait(b"".join(_answers())),
    "values_instead": _then_wait(b"".join(_values())),
    "earlier_conversations": _then_wait(b"".join(_backs())),
}
