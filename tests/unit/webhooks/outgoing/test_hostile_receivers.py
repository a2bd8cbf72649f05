"""Receivers that mean harm, or are broken: real sockets, the deadlines shortened."""

import asyncio
import contextlib
import gzip
import ssl
import threading
import tracemalloc

import pytest

from geminicrm.kernel.http import AddressGuard
from geminicrm.webhooks.outgoing import reaching
from geminicrm.webhooks.outgoing.answers import BODY_BYTES
from geminicrm.webhooks.outgoing.posting import DEADLINE_SECONDS, Post, Poster
from geminicrm.webhooks.outgoing.reaching import PostFailed
from tests.support.loopback import read_request

ALLOW = ("127.0.0.0/8",)
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def post(url, body=b"{}", seconds=5.0, **options):
    """Post once in a loop of its own; give the answer."""

    async def run():
        poster = Poster(options.pop("guard", AddressGuard(ALLOW)), seconds=seconds, **options)
        try:
            return await poster.post(Post("whe_1", url, {}, body))
        finally:
            poster.close()

    return asyncio.run(run())


def failure(url, **options):
    with pytest.raises(PostFailed) as caught:
        post(url, **options)
    return caught.value.error


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


def test_nobody_listens(serve):
    listener = serve(lambda _conn: None)
    port = listener.port + 1 if listener.port < 65_535 else listener.port - 1
    assert failure(f"http://127.0.0.1:{port}/") in {"connect", "closed"}


@pytest.fixture
def tls_server(serve, issued):
    """Give a receiver behind the certificate of the test's authority."""

    def handler(conn):
        with (
            contextlib.suppress(ssl.SSLError),
            issued.context().wrap_socket(conn, server_side=True) as secure,
        ):
            read_request(secure)
            secure.sendall(OK)

    return serve(handler)


def test_a_certificate_that_nobody_vouches_for_is_no_delivery(tls_server):
    assert failure(tls_server.url.replace("http:", "https:")) == "tls"


@pytest.mark.usefixtures("trusted")
def test_a_certificate_that_holds_is_one(tls_server):
    assert post(tls_server.url.replace("http:", "https:")).body == b"ok"


@pytest.mark.usefixtures("trusted")
def test_a_certificate_of_another_name_is_no_delivery(tls_server):
    guard = AddressGuard((*ALLOW,), lambda _host, _port: ("127.0.0.1",))
    url = f"https://other.example:{tls_server.port}/"
    assert failure(url, guard=guard) == "tls"


def test_a_port_that_speaks_no_tls(answer):
    assert failure(answer(OK).url.replace("http:", "https:"), seconds=2.0) == "tls"


def test_in_production_http_is_refused_before_anything_is_opened(answer):
    server = answer(OK)
    assert failure(server.url, https_only=True) == "refused"
    assert server.connections == []


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8080/", "http://10.0.0.1/", "http://169.254.169.254/", "http://[::1]/",
        "http://[::ffff:127.0.0.1]/", "http://2130706433/", "http://0x7f.1/", "http://localhost/",
        "http://user:pass@93.184.216.34/", "ftp://93.184.216.34/", "http://93.184.216.34:22/",
        "http://93.184.216.34:6379/", "http://[64:ff9b::7f00:1]/", "http://100.64.0.1/",
    ],
)  # fmt: skip
def test_private_addresses_are_refused_at_each_delivery(url):
    guard = AddressGuard((), lambda _host, _port: ("127.0.0.1",))
    assert failure(url, guard=guard) == "refused"


def test_a_name_that_leads_to_a_private_address_the_second_time_gains_nothing(answer):
    server = answer(OK)
    answers = iter([("93.184.216.34",), ("127.0.0.1",)])
    guard = AddressGuard((), lambda _host, _port: next(answers))
    url = f"http://rebinds.example:{server.port}/"
    assert guard.check(url).addresses == ("93.184.216.34",)
    assert failure(url, guard=guard) == "refused"
    assert server.connections == []


def test_the_connection_goes_to_the_address_that_was_checked_and_the_name_is_told(serve):
    heads = []

    def handler(conn):
        heads.append(read_request(conn))
        conn.sendall(OK)

    server = serve(handler)
    names = []
    guard = AddressGuard(ALLOW, lambda host, _port: names.append(host) or ("127.0.0.1",))
    assert post(f"http://shop.example:{server.port}/a?b=c", guard=guard).status == 200
    assert names == ["shop.example"]
    assert heads[0].startswith(b"POST /a?b=c HTTP/1.1\r\n")
    assert f"Host: shop.example:{server.port}\r\n".encode() in heads[0]


def test_a_name_that_has_no_address_is_a_failure_of_dns():
    def unknown(_host, _port):
        raise OSError("no such name")

    assert failure("http://nowhere.example/", guard=AddressGuard((), unknown)) == "dns"


def test_a_look_up_that_hangs_holds_up_nobody_else(answer):
    release = threading.Event()
    guard = AddressGuard(
        ALLOW, lambda host, _port: release.wait(30) and () if "slow" in host else ("127.0.0.1",)
    )
    server = answer(OK)

    async def both():
        poster = Poster(guard, seconds=20.0)
        slow = asyncio.create_task(poster.post(Post("1", "http://slow.example/", {}, b"")))
        try:
            url = f"http://quick.example:{server.port}/"
            return await poster.post(Post("2", url, {}, b"")), slow.done()
        finally:
            slow.cancel()
            poster.close()

    found, slow_was_done = asyncio.run(both())
    release.set()
    assert (found.status, slow_was_done) == (200, False)


def test_the_environment_has_no_say(answer, monkeypatch, tmp_path):
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login a password b\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    server = answer(OK)
    assert post(server.url).status == 200
    assert b"uthorization" not in server.received[0]
