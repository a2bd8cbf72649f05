"""The connection to the core: what comes over it when a host does not keep to the protocol.

Each of these writes on the connection of its own call, in the middle of it, and then waits: the
core is to be done with the call, whatever comes.
"""

import importlib
import os
import socket
import struct
import time
from collections.abc import Callable
from typing import Any

import msgspec

from .tools import Attack, Target

_HOST = ("geminicrm", "runtime", "host")
_LENGTHS = struct.Struct("!II")
_MIB = 1024 * 1024
_MOST_HEADER = 16 * 1024
_HANG_SECONDS = 3.0
_PAUSE_SECONDS = 0.2


def _core_module(name: str) -> Any:
    """Import from the host's own code; a package that does so honestly is not published."""
    return importlib.import_module(".".join((*_HOST, name)))


def _connection() -> tuple[int, int]:
    """Give the descriptor that this call came over, and its number there."""
    conversation = _core_module("current").current()
    return conversation._wire._socket.fileno(), conversation.message.id  # noqa: SLF001 - the attack


def _write(data: bytes) -> str:
    number, _ = _connection()
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[os.write(number, rest) :]
        except BlockingIOError:
            time.sleep(0.001)  # the core is slower than we are
    return f"{len(data)} bytes"


def _frame(message: object, body: bytes = b"") -> bytes:
    header = msgspec.msgpack.encode(message)
    return _LENGTHS.pack(len(header), len(body)) + header + body


def _message(kind: str, **facts: Any) -> bytes:
    """Give a frame of the core's own making."""
    body = facts.pop("body", b"")
    return _frame(getattr(_core_module("messages"), kind)(**facts), body)


def _answer(number: int, body: bytes = b"{}", **facts: Any) -> bytes:
    return _message("Answer", id=number, status="200 OK", headers=(), body=body, **facts)


def _back(number: int, door: str, method: str, body: bytes) -> bytes:
    return _message("Back", id=number, seq=1, door=door, method=method, body=body)


def _leads(number: int) -> bytes:
    return _back(number, "leads", "list", b'{"limit": 50, "cursor": null, "filters": {}}')


def _then_wait(make: Callable[[int], bytes]) -> Attack:
    """Write what is made from the number of the call."""

    def attack(_target: Target) -> str:
        written = _write(make(_connection()[1]))
        time.sleep(_HANG_SECONDS)  # the core is to end this call without us
        return written

    return attack


def slow_drip(_target: Target) -> str:
    """A byte at a time outlives a limit that is set for each read."""
    for each in _answer(_connection()[1], b"x" * 1_000):
        _write(bytes([each]))
        time.sleep(_PAUSE_SECONDS)  # the attack
    return "all of it"


def endless_answer(_target: Target) -> str:
    """More than an answer may have, without an end."""
    number = _connection()[1]
    _write(_answer(number, b"x", more=True))
    piece = _message("Chunk", id=number, more=True, body=b"x" * _MIB)
    for _ in range(200):
        _write(piece)
    return "200 MiB"


def hang_up(_target: Target) -> str:
    with socket.socket(fileno=os.dup(_connection()[0])) as made:
        made.shutdown(socket.SHUT_RDWR)
    return "hung up"


def half_a_frame(target: Target) -> str:
    _write(_answer(_connection()[1], b"x" * 100)[:20])
    return hang_up(target)


def _nested(number: int) -> bytes:
    deep = b"[" * 200_000 + b"]" * 200_000
    return _back(number, "storage", "put", b'{"key":"a","if_version":null,"value":' + deep + b"}")


def _wide(number: int) -> bytes:
    wide = b"[" + b"{}," * 300_000 + b"{}]"
    return _back(number, "storage", "put", b'{"key":"a","if_version":null,"value":' + wide + b"}")


def _errors(number: int) -> bytes:
    """An error of the SDK that is none, with all that it may carry."""
    findings = tuple(("/x" * 900, "code", "text " * 300) for _ in range(3))
    facts = {"code": "no_such_code", "text": "x" * 2_000, "findings": findings}
    return _message("Raised", id=number, error=_core_module("messages").ErrorFacts(**facts))


def _outside(number: int) -> bytes:
    """An HTTP request in which each field is wrong in its own way."""
    headers = (("Host", "elsewhere.example"), ("X\r\nY", "z"), ("Content-Length", "5"))
    facts = {"method": "GET / HTTP/1.1\r\nX:", "url": "http://127.0.0.1", "timeout": 3_600.0}
    return _message("HttpBack", id=number, seq=1, headers=headers, **facts)


ATTACKS: dict[str, Attack] = {
    "slow_drip": slow_drip,
    "endless_answer": endless_answer,
    "hang_up": hang_up,
    "half_a_frame": half_a_frame,
    "huge_header": _then_wait(lambda _: _LENGTHS.pack(2**32 - 1, 0)),
    "huge_body": _then_wait(lambda _: _LENGTHS.pack(4, 2**32 - 1)),
    "long_header": _then_wait(lambda _: _LENGTHS.pack(_MOST_HEADER + 1, 0) + b"\x90" * 70_000),
    "empty_header": _then_wait(lambda _: _LENGTHS.pack(0, 0)),
    "random_bytes": _then_wait(lambda _: bytes(range(256)) * 40),
    "text_instead": _then_wait(lambda _: b"GET / HTTP/1.1\r\nHost: core\r\n\r\n"),
    "nested": _then_wait(lambda _: _LENGTHS.pack(_MOST_HEADER, 0) + b"\x91" * _MOST_HEADER),
    "long_list": _then_wait(lambda _: _LENGTHS.pack(6, 0) + b"\xdd\xff\xff\xff\xff\x00"),
    "truncated": _then_wait(lambda number: _answer(number)[:-3]),
    "wrong_types": _then_wait(lambda number: _frame([16, str(number), 200, {"a": 1}])),
    "unknown_tag": _then_wait(lambda number: _frame([99, number, 2, 3])),
    "unknown_fields": _then_wait(lambda number: _frame([16, number, "200 OK", [], False, 1, 2])),
    "wrong_direction": _then_wait(lambda number: _message("Reply", id=number, seq=1, body=b"{}")),
    "hello_again": _then_wait(lambda _: _message("Hello", generation=1)),
    "goaway_in_the_middle": _then_wait(lambda _: _message("Goaway")),
    "goaway_flood": _then_wait(lambda _: _message("Goaway") * 100_000),
    "chunk_of_nothing": _then_wait(lambda number: _message("Chunk", id=number, more=True)),
    "value_instead_of_answer": _then_wait(lambda number: _message("Value", id=number, body=b"1")),
    "answer_to_another": _then_wait(lambda number: _answer(number + 1)),
    "earlier_conversation": _then_wait(lambda number: _leads(number - 1)),
    "later_conversation": _then_wait(lambda number: _leads(number + 1)),
    "flood_of_calls_back": _then_wait(lambda number: _leads(number) * 1_200),
    "unknown_door": _then_wait(lambda number: _back(number, "database", "execute", b"{}")),
    "unknown_method": _then_wait(lambda number: _back(number, "leads", "__class__", b"{}")),
    "nested_arguments": _then_wait(_nested),
    "wide_arguments": _then_wait(_wide),
    "arguments_of_another_type": _then_wait(lambda number: _back(number, "leads", "get", b"[1]")),
    "error_of_its_own_making": _then_wait(_errors),
    "outside_request_by_hand": _then_wait(_outside),
    "answer_twice": _then_wait(lambda number: _answer(number) * 2),
    "answer_ahead": _then_wait(lambda number: _answer(number) + _answer(number + 1, b"forged")),
    "call_back_after_answer": _then_wait(lambda number: _answer(number) + _leads(number)),
}
ANSWERED = frozenset({"answer_twice", "answer_ahead", "call_back_after_answer"})
"""Their first word is as it should be; what comes after it must not count."""
