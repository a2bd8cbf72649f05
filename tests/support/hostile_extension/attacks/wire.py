"""The connection to the core: what comes over it when a host does not keep to the protocol.

Each of these writes on the connection of its own call, in the middle of it, and then waits: the
core is to be done with the call, whatever comes.
"""

import errno
import importlib
import os
import socket
import stat
import struct
import time
from collections.abc import Callable
from typing import Any

import msgspec

from .tools import Attack, Missed, Target

_LENGTHS = struct.Struct("!II")
_MESSAGES = ("geminicrm", "runtime", "host", "messages")
_MIB = 1024 * 1024
_MOST_HEADER = 16 * 1024
_HANG_SECONDS = 3.0
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
    written = sum(_written(each, data) for each in _connections())
    if not written:
        raise BrokenPipeError(errno.EPIPE, "nobody listens any more")
    return f"{written} bytes"


def _written(number: int, data: bytes) -> int:
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[os.write(number, rest) :]
        except BlockingIOError:
            time.sleep(0.001)  # the core is slower than we are
        except OSError:
            break  # one of an earlier attack, which the core has closed
    return len(data) - len(rest)


def _message(kind: str, **facts: Any) -> bytes:
    """Give a frame of the core's own making; a package with an honest import is not published."""
    messages = importlib.import_module(".".join(_MESSAGES))
    body = facts.pop("body", b"")
    return frame(getattr(messages, kind)(**facts), body)


def frame(message: object, body: bytes = b"") -> bytes:
    """Give a frame as it should be."""
    header = msgspec.msgpack.encode(message)
    return _LENGTHS.pack(len(header), len(body)) + header + body


def _then_wait(make: Callable[[], bytes]) -> Attack:
    def attack(_target: Target) -> str:
        written = _write(make())
        time.sleep(_HANG_SECONDS)  # the core is to end this call without us
        return written

    return attack


def slow_drip(_target: Target) -> str:
    """A byte at a time outlives a limit that is set for each read."""
    data = _message("Answer", id=1, status="200 OK", headers=(), body=b"x" * 1_000)
    for each in data:
        _write(bytes([each]))
        time.sleep(_PAUSE_SECONDS)  # the attack
    return "all of it"


def endless_chunks(_target: Target) -> str:
    """More than an answer may have, without an end."""
    data = _message("Chunk", id=1, more=True, body=b"x" * _MIB)
    for _ in range(200):
        _write(data)
    return "200 MiB"


def hang_up(_target: Target) -> str:
    for each in _connections():
        with socket.socket(fileno=os.dup(each)) as made:
            made.shutdown(socket.SHUT_RDWR)
    return "hung up"


def half_a_frame(_target: Target) -> str:
    _write(_message("Answer", id=1, status="200 OK", headers=(), body=b"x" * 100)[:20])
    return hang_up(_target)


def _answers() -> bytes:
    """Answers to calls of others, of earlier and of later."""
    each = (_message("Answer", id=n, status="200 OK", headers=(), body=b"x") for n in range(2_000))
    return b"".join(each)


def _values() -> bytes:
    return b"".join(_message("Value", id=n, body=b'{"forged": true}') for n in range(500))


def _backs() -> bytes:
    """Calls back in the name of other conversations, earlier ones among them."""
    body = b'{"limit": 50, "cursor": null, "filters": {}}'
    facts = {"seq": 1, "door": "leads", "method": "list", "body": body}
    return b"".join(_message("Back", id=n, **facts) for n in range(2_000))


def _goaways() -> bytes:
    """A word that is not an answer may be said again and again."""
    return _message("Goaway") * 100_000


ATTACKS: dict[str, Attack] = {
    "slow_drip": slow_drip,
    "endless_chunks": endless_chunks,
    "hang_up": hang_up,
    "half_a_frame": half_a_frame,
    "huge_header": _then_wait(lambda: _LENGTHS.pack(2**32 - 1, 0)),
    "huge_body": _then_wait(lambda: _LENGTHS.pack(4, 2**32 - 1)),
    "header_beyond_the_limit": _then_wait(
        lambda: _LENGTHS.pack(_MOST_HEADER + 1, 0) + b"\x90" * 70_000
    ),
    "empty_header": _then_wait(lambda: _LENGTHS.pack(0, 0)),
    "random_bytes": _then_wait(lambda: bytes(range(256)) * 40),
    "text_instead": _then_wait(lambda: b"GET / HTTP/1.1\r\nHost: core\r\n\r\n"),
    "nested": _then_wait(lambda: _LENGTHS.pack(_MOST_HEADER, 0) + b"\x91" * _MOST_HEADER),
    "long_list": _then_wait(lambda: _LENGTHS.pack(6, 0) + b"\xdd\xff\xff\xff\xff\x00"),
    "truncated": _then_wait(lambda: _message("Answer", id=1, status="200 OK", headers=())[:-3]),
    "wrong_types": _then_wait(lambda: frame([16, "one", 200, {"a": 1}])),
    "unknown_tag": _then_wait(lambda: frame([99, 1, 2, 3])),
    "unknown_fields": _then_wait(lambda: frame([13, 1, "200 OK", [], False, "more", "more"])),
    "wrong_direction": _then_wait(lambda: _message("Reply", id=1, seq=1, body=b"{}")),
    "hello_again": _then_wait(lambda: _message("Hello", generation=1)),
    "goaway_in_the_middle": _then_wait(lambda: _message("Goaway")),
    "goaway_flood": _then_wait(_goaways),
    "chunk_of_nothing": _then_wait(lambda: _message("Chunk", id=1, more=True, body=b"x")),
    "answers_of_others": _then_wait(_answers),
    "values_instead": _then_wait(_values),
    "earlier_conversations": _then_wait(_backs),
}
