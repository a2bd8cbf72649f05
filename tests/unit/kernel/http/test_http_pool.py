"""Connections that are kept: who may use them, for how long, and what happens when they die."""

import contextlib
import socket
import struct
from collections.abc import Callable, Iterator

import pytest

from geminicrm.kernel.http import HttpClient, HttpRequest, ResponseBroken
from geminicrm.kernel.http.pool import IDLE_SECONDS, LIFE_SECONDS, MOST, Pool
from tests.support.loopback import Handler, Server, read_request

Serve = Callable[[Handler], Server]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Time:
    """Monotonic seconds that move only when told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """Give them."""
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def client(time: Time) -> Iterator[HttpClient]:
    client = HttpClient(["127.0.0.0/8"], monotonic=time, pool_size=2)
    yield client
    client.close()


def answering(*answers: bytes) -> Handler:
    """Answer each request on a connection in turn, then hang up."""

    def handler(conn: socket.socket) -> None:
        for answer in answers:
            read_request(conn)
            conn.sendall(answer)

    return handler


def wait_for_the_end(client: HttpClient, seen: socket.socket) -> None:
    """Have the other side's end arrive."""
    seen.settimeout(5)
    assert seen.recv(1, socket.MSG_PEEK) == b""


def get(client: HttpClient, server: Server, keep: str = "conn_1") -> bytes:
    return client.request(HttpRequest("GET", server.url, keep=keep)).body


def test_the_second_request_takes_the_same_connection(client: HttpClient, serve: Serve) -> None:
    server = serve(answering(OK, OK, OK))
    assert [get(client, server) for _ in range(3)] == [b"ok"] * 3
    assert len(server.connections) == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\n",
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_any_answer_with_an_end_leaves_it_open(
    client: HttpClient, serve: Serve, answer: bytes
) -> None:
    server = serve(answering(answer, answer))
    get(client, server)
    get(client, server)
    assert len(server.connections) == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n\r\n",
    ],
    ids=["said so", "too old", "more than was asked for"],
)
def test_what_can_not_be_trusted_is_not_kept(
    client: HttpClient, serve: Serve, answer: bytes
) -> None:
    server = serve(answering(answer, answer))
    assert [get(client, server) for _ in range(2)] == [b"ok", b"ok"]
    assert len(server.connections) == 2


def test_nobody_gets_the_connection_of_another(client: HttpClient, serve: Serve) -> None:
    server = serve(answering(OK, OK))
    get(client, server, "conn_1")
    get(client, server, "conn_2")
    assert len(server.connections) == 2


def test_without_a_keeper_each_request_has_its_own(client: HttpClient, serve: Serve) -> None:
    server = serve(answering(OK, OK))
    get(client, server, "")
    get(client, server, "")
    assert len(server.connections) == 2


@pytest.mark.parametrize(
    ("method", "seconds", "connections"),
    [
        ("GET", IDLE_SECONDS, 1),
        ("GET", IDLE_SECONDS + 1, 2),
        ("POST", 1.0, 1),
        ("POST", 3.0, 2),
    ],
)
def test_one_that_was_idle_for_long_is_not_used(
    client: HttpClient, serve: Serve, time: Time, method: str, seconds: float, connections: int
) -> None:
    server = serve(answering(OK, OK))
    get(client, server)
    time.now += seconds
    client.request(HttpRequest(method, server.url, keep="conn_1"))
    assert len(server.connections) == connections


def test_a_busy_one_is_opened_anew_after_a_while(
    client: HttpClient, serve: Serve, time: Time
) -> None:
    server = serve(answering(*[OK] * 30))
    for _ in range(int(LIFE_SECONDS / 20) + 1):
        get(client, server)
        time.now += 20
    assert len(server.connections) == 2


def test_an_address_that_is_refused_is_not_called_by_a_kept_one(serve: Serve) -> None:
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])
    client = HttpClient(["127.0.0.0/8"], resolver=lambda _host, _port: next(answers))
    server = serve(answering(OK, OK))
    url = f"http://service.example:{server.port}/"
    for _ in range(2):
        client.request(HttpRequest("GET", url, keep="conn_1"))
    assert len(server.connections) == 1
    client.close()


def dying(conn: socket.socket) -> None:
    """Answer once; reset when the next request has come."""
    read_request(conn)
    conn.sendall(OK)
    with contextlib.suppress(OSError):
        read_request(conn)
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@pytest.mark.parametrize(("method", "repeatable"), [("GET", False), ("POST", True)])
def test_one_that_dies_unanswered_is_replaced_where_twice_is_no_harm(
    client: HttpClient, serve: Serve, method: str, *, repeatable: bool
) -> None:
    server = serve(dying)
    get(client, server)
    request = HttpRequest(method, server.url, keep="conn_1", repeatable=repeatable)
    assert client.request(request).status == 200
    assert len(server.connections) == 2


def test_a_request_that_may_have_been_done_is_not_sent_again(
    client: HttpClient, serve: Serve
) -> None:
    server = serve(dying)
    get(client, server)
    with pytest.raises(ResponseBroken) as caught:
        client.request(HttpRequest("POST", server.url, keep="conn_1"))
    assert caught.value.sent
    assert len(server.connections) == 1


def test_a_connection_that_was_closed_meanwhile_is_seen_to_be(
    client: HttpClient, serve: Serve
) -> None:
    server = serve(answering(OK))
    get(client, server)
    ((kept,),) = client.pool._idle.values()  # noqa: SLF001 - to wait until its end has arrived
    wait_for_the_end(client, kept.sock)
    assert client.request(HttpRequest("POST", server.url, keep="conn_1")).status == 200
    assert len(server.connections) == 2


@pytest.fixture
def pairs() -> Iterator[Callable[[], socket.socket]]:
    made: list[socket.socket] = []

    def make() -> socket.socket:
        made.extend(socket.socketpair())
        return made[-2]

    yield make
    for one in made:
        one.close()


def test_a_pool_holds_so_many_of_one_key(pairs: Callable[[], socket.socket], time: Time) -> None:
    pool = Pool(2, time)
    given = [pairs() for _ in range(3)]
    for sock in given:
        pool.give(("a", "http://x"), sock, time())
    assert [sock.fileno() == -1 for sock in given] == [True, False, False]


def test_a_pool_holds_so_many_in_all(pairs: Callable[[], socket.socket], time: Time) -> None:
    pool = Pool(1, time)
    given = [pairs() for _ in range(MOST + 1)]
    for number, sock in enumerate(given):
        pool.give((str(number), "http://x"), sock, time())
    assert [sock.fileno() == -1 for sock in given] == [True, *[False] * MOST]


def test_tidying_closes_what_nobody_may_use_any_more(
    pairs: Callable[[], socket.socket], time: Time
) -> None:
    pool = Pool(2, time)
    old, young = pairs(), pairs()
    pool.give(("a", "http://x"), old, time())
    time.now += IDLE_SECONDS
    pool.give(("b", "http://x"), young, time())
    time.now += 1
    pool.tidy()
    assert (old.fileno(), young.fileno() > 0) == (-1, True)
    pool.close()
    assert young.fileno() == -1
