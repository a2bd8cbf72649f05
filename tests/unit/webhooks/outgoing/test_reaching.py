"""Where posts go: names, addresses, certificates."""

import asyncio
import contextlib
import socket
import ssl
import threading

import pytest

from geminicrm.kernel.http import AddressGuard
from geminicrm.webhooks.outgoing.posting import Post, Poster
from tests.support.loopback import read_request
from tests.support.posting import ALLOW, OK, failure, in_loop, post


def test_nobody_listens():
    with socket.socket() as kept:
        kept.bind(("127.0.0.1", 0))  # its number is taken, and nobody accepts
        assert failure(f"http://127.0.0.1:{kept.getsockname()[1]}/") == "connect"


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


def test_a_port_that_speaks_no_tls(serve):
    assert (
        failure(serve(lambda conn: conn.sendall(OK)).url.replace("http:", "https:"), seconds=2.0)
        == "tls"
    )


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
    look_ups = {"slow.example": lambda: release.wait(30), "quick.example": lambda: None}

    def resolve(host, _port):
        look_ups[host]()
        return ("127.0.0.1",)

    guard = AddressGuard(ALLOW, resolve)
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

    found, slow_was_done = in_loop(both())
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
