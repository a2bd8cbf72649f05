import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from geminicrm.kernel.http import (
    ConnectFailed,
    HttpClient,
    HttpRequest,
    HttpTimeout,
)
from tests.support.loopback import Handler, Server, read_request

Serve = Callable[[Handler], Server]
Answer = Callable[[bytes], Server]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.fixture
def client() -> HttpClient:
    return HttpClient(["127.0.0.0/8", "::1/128"])


def wait_for(release: threading.Event) -> None:
    release.wait(30)


def drip(first: bytes) -> Handler:
    def handler(conn: socket.socket) -> None:
        read_request(conn)
        conn.sendall(first)
        pause = threading.Event()
        for _ in range(10_000):
            pause.wait(0.02)
            conn.sendall(b"x")

    return handler


@pytest.mark.parametrize(
    "first",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nX: ",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n",
    ],
)
def test_the_deadline_is_total_though_every_byte_comes_in_time(
    client: HttpClient, serve: Serve, first: bytes
) -> None:
    server = serve(drip(first))
    started = time.monotonic()
    with pytest.raises(HttpTimeout, match="finish its answer") as caught:
        client.request(HttpRequest("GET", server.url, deadline_seconds=0.3))
    assert 0.25 < time.monotonic() - started < 2
    assert (caught.value.stage, caught.value.sent) == ("read", True)
    assert caught.value.where == f"http://127.0.0.1:{server.port}"


def test_a_receiver_that_never_answers_times_out(client: HttpClient, serve: Serve) -> None:
    release = threading.Event()
    server = serve(lambda _conn: wait_for(release))
    with pytest.raises(HttpTimeout) as caught:
        client.request(HttpRequest("GET", server.url, deadline_seconds=0.1))
    release.set()
    assert caught.value.stage == "read"


def test_a_receiver_that_never_reads_times_out(client: HttpClient, serve: Serve) -> None:
    release = threading.Event()
    server = serve(lambda _conn: wait_for(release))
    with pytest.raises(HttpTimeout, match="take the request") as caught:
        client.request(
            HttpRequest("POST", server.url, body=bytes(30_000_000), deadline_seconds=0.3)
        )
    release.set()
    assert (caught.value.stage, caught.value.sent) == ("send", True)


def test_a_deadline_that_has_passed_sends_nothing(answer: Answer) -> None:
    server = answer(OK)
    ticks = iter([0.0, 0.0, 0.0, 0.0])
    late = HttpClient(["127.0.0.0/8"], monotonic=lambda: next(ticks, 99.0))
    with pytest.raises(HttpTimeout) as caught:
        late.request(HttpRequest("GET", server.url, deadline_seconds=1))
    assert (caught.value.stage, caught.value.sent) == ("send", False)
    assert server.received == []


@pytest.fixture
def full_listener() -> Iterator[int]:
    """Give a port whose queue is full, so that further connections wait for ever."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            sock = stack.enter_context(socket.socket())
            sock.settimeout(0)
            sock.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


def test_a_connection_that_is_not_accepted_times_out(
    client: HttpClient, full_listener: int
) -> None:
    with pytest.raises(HttpTimeout) as caught:
        client.request(
            HttpRequest("GET", f"http://127.0.0.1:{full_listener}/", deadline_seconds=0.2)
        )
    assert (caught.value.stage, caught.value.sent) == ("connect", False)


@pytest.fixture
def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def test_a_closed_port_is_a_failed_connection(client: HttpClient, closed_port: int) -> None:
    with pytest.raises(ConnectFailed, match="accepts no connection") as caught:
        client.request(HttpRequest("GET", f"http://127.0.0.1:{closed_port}/"))
    assert caught.value.sent is False
