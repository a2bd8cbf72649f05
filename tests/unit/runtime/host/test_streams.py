import socket
import threading
import time
from collections.abc import Iterable, Iterator

import pytest

from geminicrm.runtime.host.messages import Answer, Chunk, ToCore, ToHost, Value
from geminicrm.runtime.host.streams import (
    CHUNK,
    incoming,
    receive_rest,
    send_end,
    send_long,
    send_stream,
)
from geminicrm.runtime.host.wire import Wire, WireBroken

ANSWER = Answer(7, "200 OK", ())
MOST = 10 * 1024 * 1024
Ends = tuple[Wire[ToCore], Wire[ToHost]]


def soon() -> float:
    return time.monotonic() + 5.0


@pytest.fixture
def ends() -> Iterator[Ends]:
    """The core's wire and a host's."""
    ours, theirs = socket.socketpair()
    core: Wire[ToCore] = Wire(ours, ToCore)
    host: Wire[ToHost] = Wire(theirs, ToHost)
    yield core, host
    core.close()
    host.close()


def stream(host: Wire[ToHost], parts: Iterable[bytes]) -> None:
    send_stream(host, ANSWER, parts, deadline=soon())
    send_end(host, ANSWER, deadline=soon())


def first(core: Wire[ToCore]) -> tuple[Answer, bytes]:
    message, body = core.receive(deadline=soon())
    assert isinstance(message, Answer)
    return message, body


@pytest.mark.parametrize("size", [0, 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 5])
def test_bodies_of_any_length_arrive_whole(ends: Ends, size: int):
    core, host = ends
    body = (bytes(range(251)) * (size // 251 + 1))[:size]
    sending = threading.Thread(target=lambda: send_long(host, ANSWER, body, deadline=soon()))
    sending.start()

    message, begun = first(core)
    assert message.more is (size > CHUNK)
    assert receive_rest(core, message, begun, most=MOST, deadline=soon()) == body
    sending.join()
    assert not core.readable()


def test_parts_arrive_before_the_next_is_made(ends: Ends):
    core, host = ends
    asked = threading.Event()

    def parts() -> Iterator[bytes]:
        yield b"one"
        asked.wait(5)
        yield b""
        yield b"two"
        yield bytes(CHUNK + 1)

    sending = threading.Thread(target=lambda: stream(host, parts()))
    sending.start()
    message, begun = first(core)
    pieces = incoming(core, message, begun, most=MOST, deadline=soon())

    assert next(pieces) == b"one"
    asked.set()
    assert b"".join(pieces) == b"two" + bytes(CHUNK + 1)
    sending.join()


def test_quick_parts_go_together(ends: Ends):
    core, host = ends
    stream(host, (b"x" for _ in range(1000)))

    pieces = list(incoming(core, *first(core), most=MOST, deadline=soon()))
    assert len(b"".join(pieces)) == 1000
    assert len(pieces) < 500


def test_a_stream_without_parts_is_an_empty_body(ends: Ends):
    core, host = ends
    stream(host, ())

    assert receive_rest(core, *first(core), most=MOST, deadline=soon()) == b""


@pytest.mark.parametrize(
    ("message", "body", "reason"),
    [
        (Value(7), b"", "Value came instead of the rest"),
        (Chunk(8, more=False), b"x", "Chunk came instead of the rest"),
        (Chunk(7, more=True), b"", "an empty piece"),
        (Chunk(7, more=True), b"x" * 100, "longer than 100 bytes"),
    ],
)
def test_what_is_not_the_rest_of_a_body_breaks_the_connection(
    ends: Ends, message: Value | Chunk, body: bytes, reason: str
):
    core, host = ends
    host.send(message, body, deadline=soon())

    answer = Answer(7, "200 OK", (), more=True)
    with pytest.raises(WireBroken, match=reason):
        receive_rest(core, answer, b"begun", most=100, deadline=soon())


def test_a_body_that_comes_at_once_has_its_limit_too(ends: Ends):
    core, _ = ends

    with pytest.raises(WireBroken, match="longer than 3 bytes"):
        receive_rest(core, ANSWER, b"long", most=3, deadline=soon())


def test_other_messages_may_come_in_between_where_somebody_takes_them(ends: Ends):
    core, host = ends
    taken: list[object] = []
    host.send(Value(7), b"x", deadline=soon())
    host.send(Chunk(7, more=False), b"end", deadline=soon())

    body = receive_rest(
        core,
        Answer(7, "200 OK", (), more=True),
        b"begun ",
        most=MOST,
        deadline=soon(),
        meanwhile=lambda *found: taken.append(found),
    )
    assert (body, taken) == (b"begun end", [(Value(7), b"x")])
