"""Receivers that mean harm, or are broken: real sockets, the deadlines shortened."""

import gzip
import threading
import tracemalloc

import pytest

from geminicrm.webhooks.outgoing import reaching
from geminicrm.webhooks.outgoing.answers import BODY_BYTES
from geminicrm.webhooks.outgoing.posting import DEADLINE_SECONDS
from tests.support.loopback import read_request
from tests.support.posting import OK, failure, post

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def dripping(first):
    def handler(conn):
        read_request(conn)
        conn.sendall(first)
        pause = threading.Event()
        for _ in range(10_000):
            pause.wait(0.02)
            conn.sendall(b"x")

    return handler


def endless(first, more):
    def handler(conn):
        read_request(conn)
        conn.sendall(first)
        for _ in range(200_000):
            conn.sendall(more)

    return handler


def test_the_deadlines_are_those_of_the_protocol():
    assert (DEADLINE_SECONDS, reaching.CONNECT_SECONDS) == (15.0, 5.0)


@pytest.mark.parametrize(
    "first",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nX: ",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n",
    ],
)
def test_the_deadline_is_total_though_every_byte_comes_in_time(serve, first):
    assert failure(serve(dripping(first)).url, seconds=0.4) == "timeout"


def test_a_receiver_that_hangs_costs_its_time_and_no_more(serve):
    release = threading.Event()
    server = serve(lambda _conn: release.wait(30))
    assert failure(server.url, seconds=0.3) == "timeout"
    release.set()


def test_a_receiver_that_reads_nothing_costs_its_time_and_no_more(serve):
    release = threading.Event()
    server = serve(lambda _conn: release.wait(30))
    assert failure(server.url, body=b"x" * 20_000_000, seconds=0.5) == "timeout"
    release.set()


def test_a_redirect_is_an_answer_and_is_not_followed(serve, answer):
    target = answer(OK)
    here = answer(
        f"HTTP/1.1 302 Found\r\nLocation: {target.url}\r\nContent-Length: 0\r\n\r\n".encode()
    )
    assert post(here.url).status == 302
    assert target.connections == []


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40000000\r\n",
    ],
)
def test_an_answer_of_a_gigabyte_costs_less_than_a_megabyte(serve, head):
    server = serve(endless(head, b"x" * 65_536))
    tracemalloc.start()
    answer = post(server.url)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (answer.status, len(answer.body), answer.truncated) == (200, BODY_BYTES, True)
    # The server's own buffer is in it, and what one read brings along.
    assert peak < 1_000_000


@pytest.mark.parametrize(
    ("first", "more", "said"),
    [
        (b"HTTP/1.1 200 OK\r\n", b"X-A: 1\r\n", "response"),
        (b"HTTP/1.1 200 OK\r\nX-A: ", b"a" * 1_000, "response"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n", "response"),
        (b"HTTP/1.1 200 OK\r\n" + b"X-A: 1\r\n" * 101, b"\r\n", "response"),
        (b"SSH-2.0-OpenSSH_9.9\r\n\r\n", b"", "response"),
    ],
)
def test_headers_without_end_are_read_no_further(serve, first, more, said):
    assert failure(serve(endless(first, more)).url) == said


def test_chunks_of_one_byte_and_trailers_without_end_are_read_no_further(serve):
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = post(serve(endless(head, b"1\r\nx\r\n")).url)
    assert answer.truncated
    assert len(answer.body) < BODY_BYTES
    assert post(serve(endless(head + b"0\r\n", b"X: 1\r\n")).url).truncated


def test_a_gzip_bomb_stays_packed(answer):
    bomb = gzip.compress(bytes(10_000_000))
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb)
    assert post(answer(head + bomb).url).body == bomb


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        (b"", "closed"),
        (b"HTTP/1.1 200", "response"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", "response"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "response"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nab", "response"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab", "response"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n", "response"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n", "response"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "response"),
        (b"HTTP/1.1 200 OK\r\n: no name\r\n\r\n", "response"),
        (b"HTTP/1.1 101 Switching\r\n\r\n", "response"),
    ],
)
def test_what_breaks_off_or_is_no_http_is_a_failure(answer, raw, error):
    assert failure(answer(raw).url) == error


@pytest.mark.parametrize(
    ("raw", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", b"ok"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", b"ok"),
        (b"HTTP/1.0 200 OK\r\n\r\nto the end", b"to the end"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok", b"ok"),
        (
            CHUNKED + b"2;a=b\r\nok\r\n3\r\nay!\r\n0\r\nX: 1\r\n\r\n",
            b"okay!",
        ),
    ],
)
def test_what_is_http_is_read_to_its_end(answer, raw, body):
    found = post(answer(raw).url)
    assert (found.body, found.truncated) == (body, False)
