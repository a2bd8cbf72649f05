import socket
import struct
import threading
import time
from collections.abc import Iterator

import pytest

from geminicrm.runtime.host.messages import Back, Chunk, Failed, Hello, ToCore, ToHost, Value
from geminicrm.runtime.host.wire import (
    MOST_BODY,
    MOST_HEADER,
    TooLong,
    Wire,
    WireBroken,
    WireClosed,
    WireError,
    WireTimeout,
    is_readable,
)

BACK = Back(1, 2, "leads", "get")
Ends = tuple[Wire[ToCore], socket.socket]


def soon(seconds: float = 5.0) -> float:
    return time.monotonic() + seconds


@pytest.fixture
def ends() -> Iterator[Ends]:
    """The core's wire and a host's bare socket."""
    ours, theirs = socket.socketpair()
    wire: Wire[ToCore] = Wire(ours, ToCore)
    yield wire, theirs
    wire.close()
    theirs.close()


def framed(header: bytes, body: bytes = b"") -> bytes:
    return struct.pack("!II", len(header), len(body)) + header + body


def test_messages_come_out_as_they_went_in(ends: Ends):
    core, sock = ends
    host: Wire[ToHost] = Wire(sock, ToHost)

    host.send(BACK, b'{"record_id": "lead_1"}', deadline=soon())
    host.send(Chunk(1, more=False), deadline=soon())
    core.send(Chunk(1, more=True), b"x", deadline=soon())

    assert core.receive(deadline=soon()) == (BACK, b'{"record_id": "lead_1"}')
    assert core.readable()  # it was read along with the first
    assert core.receive(deadline=soon()) == (Chunk(1, more=False), b"")
    assert not core.readable()
    assert host.receive(deadline=soon()) == (Chunk(1, more=True), b"x")


def test_frames_larger_than_the_sockets_buffers_pass(ends: Ends):
    core, sock = ends
    host: Wire[ToHost] = Wire(sock, ToHost)
    body = bytes(range(256)) * (MOST_BODY // 256)
    sending = threading.Thread(target=lambda: host.send(BACK, body, deadline=soon()))
    sending.start()

    assert core.receive(deadline=soon()) == (BACK, body)
    sending.join()


def test_a_message_too_long_for_a_frame_is_not_sent(ends: Ends):
    core, _ = ends

    with pytest.raises(TooLong, match="Hello has 3 bytes of header, 4194305 of body"):
        core.send(Hello(1), bytes(MOST_BODY + 1), deadline=soon())
    with pytest.raises(TooLong, match="Failed has"):
        core.send(Failed(1, "x" * MOST_HEADER, ""), deadline=soon())
    core.send(Hello(1), deadline=soon())


def test_the_end_between_two_frames_is_clean(ends: Ends):
    core, sock = ends
    assert not is_readable(sock)
    sock.close()

    assert core.readable()
    with pytest.raises(WireClosed):
        core.receive(deadline=soon())
    with pytest.raises(WireClosed):
        core.send(BACK, deadline=soon())


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\0\0", "inside of a frame"),
        (framed(b"\x92\x06\x01", b"body")[:-1], "inside of a frame"),
        (framed(b"\x92\x06\x01")[:-1], "inside of a frame"),
        (struct.pack("!II", MOST_HEADER + 1, 0), "frame of 16385 and 0 bytes"),
        (struct.pack("!II", 2, MOST_BODY + 1), "frame of 2 and 4194305 bytes"),
        (struct.pack("!II", 2**32 - 1, 2**32 - 1), "too long"),
        (framed(b""), "can't be read"),
        (framed(b"\x92\x06\xa1x"), "Expected `int`"),
        (framed(b"\x92\x07\x01"), "can't be read"),  # fewer members than the message has
        (framed(b"\x91\x63"), "Invalid value 99"),  # no such message
        (framed(b"\x92\x01\x01"), "Invalid value 1 "),  # of the core's own
        (framed(b"\x93\x06\x01\x01"), "at most length 1"),
        (framed(b"\x92\x06\x01\x00"), "trailing"),
        (framed(b"\x92\x0a\xff\xa0"), "can't be read"),
        (framed(b"\x92\x0c\x01\xa2\xc3\x28"), "can't be read"),
        (framed(b"\x91" * 5000), "can't be read"),
        (framed(b"\xdd\xff\xff\xff\xff"), "can't be read"),
    ],
)
def test_what_is_no_message_breaks_the_connection(ends: Ends, data: bytes, reason: str):
    core, sock = ends
    sock.sendall(data)
    sock.shutdown(socket.SHUT_WR)

    with pytest.raises(WireBroken, match=reason):
        core.receive(deadline=soon())


def test_reasons_do_not_hold_what_was_sent(ends: Ends):
    core, sock = ends
    sock.sendall(framed(b"\x92" + b"\xda\x30\x00" + b"x" * 0x3000 + b"\x01"))

    with pytest.raises(WireBroken) as caught:
        core.receive(deadline=soon())
    assert len(str(caught.value)) < 300


def test_a_slow_drip_does_not_outlive_the_deadline(ends: Ends):
    core, sock = ends
    over = threading.Event()

    def drip() -> None:
        for byte in framed(b"\x92\x06\x01", bytes(1000))[:50]:
            sock.send(bytes([byte]))
            over.wait(0.05)

    dripping = threading.Thread(target=drip)
    dripping.start()
    began = time.monotonic()
    with pytest.raises(WireTimeout):
        core.receive(deadline=began + 0.3)
    took = time.monotonic() - began
    over.set()
    dripping.join()
    assert 0.25 < took < 3


def test_sending_to_one_who_does_not_read_ends_at_the_deadline(ends: Ends):
    core, _ = ends

    with pytest.raises(WireTimeout):
        core.send(BACK, bytes(MOST_BODY), deadline=soon(0.05))


def test_being_cut_off_while_sending_is_no_clean_end(ends: Ends):
    core, sock = ends
    caught: list[WireError] = []

    def send() -> None:
        with pytest.raises(WireBroken) as broken:
            core.send(Value(1), bytes(MOST_BODY), deadline=soon())
        caught.append(broken.value)

    sending = threading.Thread(target=send)
    sending.start()
    sock.recv(1)
    sock.close()
    sending.join()
    assert "inside of a frame" in str(caught[0])


def test_a_deadline_in_the_past_reads_nothing(ends: Ends):
    core, sock = ends
    sock.sendall(framed(b"\x92\x06\x01"))

    with pytest.raises(WireTimeout):
        core.receive(deadline=time.monotonic() - 1)
    assert core.receive(deadline=soon()) == (Hello(1), b"")


def test_closing_ends_both_sides(ends: Ends):
    core, sock = ends
    core.close()

    assert sock.recv(1) == b""
    with pytest.raises(WireError):
        core.receive(deadline=soon())
