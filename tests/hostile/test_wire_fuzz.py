"""Whatever bytes come over the wire: no crash, and no growth beyond four times the frame.

Growth is the peak of everything that Python allocates while a frame is read, its own buffers and
the error included. `FLOOR` (64 KiB) comes on top: a list of a hundred short texts, or a text with
one wide character, costs a small frame more than four times its size.
"""

import random
import socket
import struct
import time
import tracemalloc
from collections.abc import Callable, Iterator

import msgspec
import pytest

from geminicrm.runtime.host import messages
from geminicrm.runtime.host.messages import ErrorFacts, Message, ToCore, ToHost
from geminicrm.runtime.host.wire import FLOOR, MOST_HEADER, Wire, WireBroken, WireClosed

SHARES = 12
SECONDS = 60 / SHARES
"""A minute in all, in shares that can run beside each other."""

WIDE = "\U0001f600"
PAIRS = (("content-type", "text/plain; charset=utf-8"), ("x-a", "ü" + WIDE), ("", ""))
ERROR = ErrorFacts(
    "invalid",
    "email: no " + WIDE,
    {"scope": "read:leads", "retry_after": 3, "sent": True, "field": None},
    (("/email", "not_an_email", "Give an address."),) * 3,
)
SAMPLES: tuple[Message, ...] = (
    messages.Request(1, 29.5, "GET", "/a", "b=c", "http", "crm", 80, "HTTP/1.1", PAIRS, more=True),
    messages.Invoke(2, 1.0, "hook", "collect_panel"),
    messages.Reply(3, 4),
    messages.HttpReply(3, 5, 200, PAIRS * 30),
    messages.Refusal(3, 6, ERROR),
    messages.Hello(2**53),
    messages.Back(3, 7, "leads", "get"),
    messages.HttpBack(3, 8, "POST", "https://example.com/" + "x" * 3000, 30.0, PAIRS),
    messages.Answer(4, "200 OK", PAIRS * 33, more=True),
    messages.Value(5),
    messages.Raised(6, ERROR),
    messages.Failed(7, "extension.py:3 in go", "ValueError: " + WIDE * 400),
    messages.Goaway(),
    messages.Chunk(8, more=True),
)
MARKERS = bytes((*range(0x90, 0xA2), *range(0xC0, 0xE0), 0x80, 0x8F, 0xBF, 0xFF))
Change = Callable[[random.Random, bytearray], None]


def flip(rng: random.Random, data: bytearray) -> None:
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def cut(rng: random.Random, data: bytearray) -> None:
    del data[rng.randrange(len(data)) + 1 :]


def splice(rng: random.Random, data: bytearray) -> None:
    other = msgspec.msgpack.encode(rng.choice(SAMPLES))
    at = rng.randrange(len(data))
    data[at : at + rng.randrange(20)] = other[rng.randrange(len(other)) :]


def mark(rng: random.Random, data: bytearray) -> None:
    data[rng.randrange(len(data))] = rng.choice(MARKERS)


def announce(rng: random.Random, data: bytearray) -> None:
    """Say that a text, a list, a map, bytes or a value of a foreign type is very long."""
    length = rng.choice((16, 100, 101, 2**15, 2**31, 2**32 - 1))
    kind = rng.choice((0xDD, 0xDF, 0xDB, 0xC6, 0xC9))
    at = rng.randrange(len(data))
    data[at:at] = struct.pack("!BI", kind, length)


def nest(rng: random.Random, data: bytearray) -> None:
    at = rng.randrange(len(data))
    data[at:at] = bytes([rng.choice((0x91, 0x92, 0x81, 0x9F))]) * rng.choice((1, 50, 3000))


def swell(rng: random.Random, data: bytearray) -> None:
    """Put in a long text with a wide character, which takes four bytes for each of its own."""
    text = rng.choice("aü") * rng.randrange(MOST_HEADER)
    at = rng.choice((1, 2, rng.randrange(len(data))))
    data[at:at] = msgspec.msgpack.encode(rng.choice((text, text + WIDE, WIDE + text)))


def crowd(rng: random.Random, data: bytearray) -> None:
    """Put in a list of many small things."""
    item = rng.choice(({}, [], "", "ab", ["ab", "cd"], ["ab", "cd", "ef"], 0, None, 1.5, b"ab"))
    count = rng.choice((99, 100, 101, 3000))
    at = rng.choice((1, 2, rng.randrange(len(data))))
    data[at : at + rng.randrange(3)] = msgspec.msgpack.encode([item] * count)


CHANGES: tuple[Change, ...] = (flip, cut, splice, mark, announce, nest, swell, crowd)


def frame(rng: random.Random) -> bytes:
    """Make a frame that was good once."""
    header = bytearray(msgspec.msgpack.encode(rng.choice(SAMPLES)))
    for change in rng.choices(CHANGES, k=rng.choice((0, 1, 1, 2, 3))):
        change(rng, header)
    body = bytes(rng.choice((0, 0, 10, 70_000)))
    lengths = [len(header), len(body)]
    lengths[rng.randrange(2)] += rng.choice((0, 0, 0, 0, 0, 1, -1, 1000, 2**20, 2**31))
    sizes = struct.pack("!II", *(max(0, length) % 2**32 for length in lengths))
    return sizes + bytes(header) + body


def frames(rng: random.Random, until: float) -> Iterator[bytes]:
    while time.monotonic() < until:
        yield frame(rng)


def read(data: bytes, kind: object) -> None:
    """Read all that comes, until it breaks or ends; nothing else may happen."""
    ours, theirs = socket.socketpair()
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    wire: Wire[Message] = Wire(theirs, kind)
    ours.sendall(data)
    ours.close()
    try:
        with pytest.raises((WireBroken, WireClosed)):
            read_to_the_end(wire)
    finally:
        wire.close()


def read_to_the_end(wire: Wire[Message]) -> None:
    while True:
        wire.receive(deadline=time.monotonic() + 60)


def grown(data: bytes, kind: object) -> int:
    tracemalloc.reset_peak()
    before, _ = tracemalloc.get_traced_memory()
    read(data, kind)
    return tracemalloc.get_traced_memory()[1] - before


def stays_small(data: bytes, kind: object) -> bool:
    """Tell whether a reading keeps the bound, one of three: other threads of the run allocate too.

    What the reader itself needs for the same bytes is the same each time.
    """
    return any(grown(data, kind) <= 4 * len(data) + FLOOR for _ in range(3))


@pytest.fixture
def traced() -> Iterator[None]:
    read(b"\0" * 9, ToCore)  # what is made once is made now
    tracemalloc.start()
    yield
    tracemalloc.stop()


@pytest.mark.usefixtures("traced")
@pytest.mark.parametrize("share", range(SHARES))
def test_mutated_frames_neither_crash_nor_swell_the_reader(share: int):
    # pytest-randomly seeds `random` for each test with the seed of the run.
    rng = random.Random(f"{random.getrandbits(64)} {share}")  # noqa: S311 - chance, no secret
    count = 0
    for data in frames(rng, until=time.monotonic() + SECONDS):
        assert stays_small(data, rng.choice((ToCore, ToHost))), data
        count += 1
    assert count > 100


def headed(*members: object) -> bytes:
    header = msgspec.msgpack.encode(members)
    return struct.pack("!II", len(header), 0) + header


LONGEST = "a" * (MOST_HEADER - 100) + WIDE


@pytest.mark.usefixtures("traced")
@pytest.mark.parametrize("kind", [ToCore, ToHost], ids=["to the core", "to a host"])
@pytest.mark.parametrize(
    "data",
    [
        headed(LONGEST, 1),
        headed(12, 1, LONGEST, ""),
        headed(12, LONGEST, "", ""),
        headed(2, 1, 1.0, LONGEST, ""),
        headed(9, 1, "200 OK", [["ab", "cd"]] * 100, LONGEST),
        headed(9, 1, "200 OK", [*[["ab", "cd"]] * 99, ["ab", LONGEST[2_000:]]]),
        headed(9, 1, "200 OK", [["", ""]] * 5_000),
        headed(9, 1, "200 OK", [[[]]] * 7_000),
        headed(11, 1, ["a", "b", {}, [["ab", "cd", "ef"]] * 99 + [["a", "b", LONGEST[3_000:]]]]),
        headed(11, 1, ["a", "b", {str(at): at for at in range(2_000)}, []]),
        headed(11, 1, ["a", "b", {LONGEST: 1}, []]),
        headed(5, 1, 2, ["a", "b", {}, [["ab", "cd", "ef"]] * 99 + [["a", "b", LONGEST[3_000:]]]]),
        headed(5, 1, 2, ["a", LONGEST, {}, []]),
        headed(4, 1, 2, 3, [*[["ab", "cd"]] * 99, ["ab", LONGEST[2_000:]]]),
        headed(10**18, 1),
        headed(*[{}] * 15_000),
        headed(msgspec.msgpack.Ext(5, b"x" * 10_000), 1),
        struct.pack("!II", 4, 1_000_000) + b"\x92\x0a\x01",
        struct.pack("!II", 2, 1_000_000) + b"\x92\x0a\x01" + b"x" * 500_000,
    ],
    ids=range(19),
)
def test_the_worst_known_frames_do_not_swell_the_reader(data: bytes, kind: object):
    assert stays_small(data, kind)
