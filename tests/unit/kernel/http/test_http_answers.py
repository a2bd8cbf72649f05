import socket
import tracemalloc
from collections.abc import Callable

import pytest

from geminicrm.kernel.http import (
    HttpClient,
    HttpRequest,
    ResponseBroken,
    ResponseTooLarge,
)
from tests.support.loopback import Handler, Server, read_request

Serve = Callable[[Handler], Server]
Answer = Callable[[bytes], Server]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.fixture
def client() -> HttpClient:
    return HttpClient(["127.0.0.0/8", "::1/128"])


def flood(head: bytes, piece: bytes) -> Handler:
    def handler(conn: socket.socket) -> None:
        read_request(conn)
        conn.sendall(head)
        for _ in range(1_000_000_000 // len(piece)):
            conn.sendall(piece)

    return handler


PIECE = bytes(65_536)
FLOODS = {
    "length": (b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n", PIECE),
    "open": (b"HTTP/1.1 200 OK\r\n\r\n", PIECE),
    "chunked": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"10000\r\n" + PIECE + b"\r\n",
    ),
    "gzip": (
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 1000000000\r\n\r\n",
        PIECE,
    ),
}


@pytest.mark.parametrize("kind", FLOODS)
def test_a_giant_body_is_refused_and_costs_little(
    client: HttpClient, serve: Serve, kind: str
) -> None:
    server = serve(flood(*FLOODS[kind]))
    tracemalloc.start()
    with pytest.raises(ResponseTooLarge) as caught:
        client.request(HttpRequest("GET", server.url, max_bytes=51_200))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert caught.value.sent is True
    assert peak < 1_000_000


def test_a_giant_body_may_be_cut_instead(client: HttpClient, serve: Serve) -> None:
    server = serve(flood(*FLOODS["length"]))
    response = client.request(HttpRequest("GET", server.url, max_bytes=100, truncate=True))
    assert (response.status, response.body, response.truncated) == (200, bytes(100), True)


def test_a_body_of_just_the_limit_is_whole(client: HttpClient, answer: Answer) -> None:
    server = answer(OK)
    response = client.request(HttpRequest("GET", server.url, max_bytes=2, truncate=True))
    assert (response.body, response.truncated) == (b"ok", False)


@pytest.mark.parametrize(
    "head",
    [
        # http.client reads a chunk of size -1 up to the end of the stream.
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
    ],
)
def test_hostile_framing_meets_the_ceiling(client: HttpClient, serve: Serve, head: bytes) -> None:
    server = serve(flood(head, b"HTTP/1.1 100 Continue\r\n\r\n" * 3000))
    tracemalloc.start()
    with pytest.raises(ResponseTooLarge):
        client.request(HttpRequest("GET", server.url, max_bytes=1000, truncate=True))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nearly",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nearly",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nhello",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: a\r\n" * 200 + b"\r\n",
    ],
)
def test_an_answer_that_breaks_off_or_is_no_http(
    client: HttpClient, answer: Answer, raw: bytes
) -> None:
    server = answer(raw)
    with pytest.raises(ResponseBroken) as caught:
        client.request(HttpRequest("GET", server.url))
    assert caught.value.sent is True


def test_an_early_answer_to_a_large_body_is_still_read(client: HttpClient, answer: Answer) -> None:
    # The server reads the head only and closes, which resets the connection under the body.
    server = answer(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno")
    response = client.request(HttpRequest("POST", server.url, body=bytes(30_000_000)))
    assert (response.status, response.body) == (413, b"no")
