import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from geminicrm.kernel.errors import ValidationFailed
from geminicrm.kernel.http import (
    AddressRefused,
    HttpClient,
    HttpRequest,
)
from tests.support.loopback import Handler, Server, read_request

Serve = Callable[[Handler], Server]
Answer = Callable[[bytes], Server]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.fixture
def client() -> HttpClient:
    return HttpClient(["127.0.0.0/8", "::1/128"])


def test_a_call_gives_status_headers_and_body(client: HttpClient, answer: Answer) -> None:
    server = answer(
        b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n"
        b"X-A: 1\r\nx-a: 2\r\nContent-Type: text/x\r\n\r\nok"
    )
    response = client.request(HttpRequest("GET", server.url, {"Accept": "text/x"}))
    assert (response.status, response.body, response.truncated) == (201, b"ok", False)
    assert response.headers == {"content-length": "2", "x-a": "1, 2", "content-type": "text/x"}
    assert 0 < response.elapsed_ms < 5000
    head = server.received[0].decode()
    assert head.startswith("GET /hook?a=1 HTTP/1.1\r\n")
    assert f"Host: 127.0.0.1:{server.port}\r\n" in head
    assert "Accept: text/x\r\n" in head
    assert "Accept-Encoding: identity\r\n" in head
    assert "User-Agent: GeminiCRM-Pro\r\n" in head
    assert "Content-Length" not in head


def test_the_body_goes_out_byte_for_byte(client: HttpClient, serve: Serve) -> None:
    bodies: list[bytes] = []

    def handler(conn: socket.socket) -> None:
        data = read_request(conn)
        while not data.endswith(b"\x00end"):
            data += conn.recv(65_536)
        bodies.append(data.partition(b"\r\n\r\n")[2])
        conn.sendall(OK)

    body = b"\xff" * 200_000 + b"\x00end"
    request = HttpRequest("POST", serve(handler).url, {"user-agent": "Ours/1"}, body)
    assert client.request(request).status == 200
    assert bodies == [body]


def test_an_empty_post_says_so(client: HttpClient, answer: Answer) -> None:
    server = answer(OK)
    client.request(HttpRequest("POST", server.url, {"User-Agent": "Ours/1"}))
    assert b"Content-Length: 0\r\n" in server.received[0]
    assert server.received[0].count(b"User-Agent") == 1


def test_chunked_and_open_ended_bodies_are_read(client: HttpClient, answer: Answer) -> None:
    chunked = answer(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")
    assert client.request(HttpRequest("GET", chunked.url)).body == b"ok"
    open_ended = answer(b"HTTP/1.1 200 OK\r\n\r\nok until the end")
    assert client.request(HttpRequest("GET", open_ended.url)).body == b"ok until the end"


def test_head_and_no_content_have_no_body(client: HttpClient, answer: Answer) -> None:
    head = answer(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
    assert client.request(HttpRequest("HEAD", head.url)).body == b""
    none = answer(b"HTTP/1.1 204 No Content\r\n\r\n")
    assert client.request(HttpRequest("DELETE", none.url)).status == 204


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_answers_and_not_followed(
    client: HttpClient, answer: Answer, status: int
) -> None:
    goal = answer(OK)
    start = answer(
        f"HTTP/1.1 {status} Moved\r\nLocation: {goal.url}\r\nContent-Length: 0\r\n\r\n".encode()
    )
    response = client.request(HttpRequest("GET", start.url))
    assert response.status == status
    assert response.headers["location"] == goal.url
    assert goal.connections == []


def test_the_next_address_is_tried(answer: Answer) -> None:
    server = answer(OK)
    both = HttpClient(["127.0.0.0/8", "::1"], resolver=lambda _h, _p: ["::1", "127.0.0.1"])
    assert both.request(HttpRequest("GET", f"http://two.example:{server.port}/")).status == 200


@pytest.mark.parametrize(
    ("headers", "pointer"),
    [
        ({"X-A": "1\r\nX-B: 2"}, "/headers/X-A"),
        ({"X-A": "1\n"}, "/headers/X-A"),
        ({"X-A": "a\x00b"}, "/headers/X-A"),
        ({"X-A": "\u20ac"}, "/headers/X-A"),
        ({"X-A\r\nX-B": "1"}, "/headers"),
        ({"X A": "1"}, "/headers"),
        ({"": "1"}, "/headers"),
        ({"Host": "other.example"}, "/headers/Host"),
        ({"content-length": "0"}, "/headers/content-length"),
        ({"Transfer-Encoding": "chunked"}, "/headers/Transfer-Encoding"),
        ({"Accept-Encoding": "gzip"}, "/headers/Accept-Encoding"),
    ],
)
def test_headers_that_could_inject_are_refused(
    client: HttpClient, headers: dict[str, str], pointer: str
) -> None:
    with pytest.raises(ValidationFailed) as caught:
        client.request(HttpRequest("GET", "http://127.0.0.1:9/", headers))
    assert [finding.pointer for finding in caught.value.findings] == [pointer]


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "get", "GET / HTTP/1.1\r\nX:", ""])
def test_methods_outside_the_list_are_refused(client: HttpClient, method: str) -> None:
    with pytest.raises(ValidationFailed) as caught:
        client.request(HttpRequest(method, "http://127.0.0.1:9/"))
    assert caught.value.findings[0].pointer == "/method"


def test_latin_1_header_values_go_out(client: HttpClient, answer: Answer) -> None:
    server = answer(OK)
    client.request(HttpRequest("GET", server.url, {"X-A": "\u00e9"}))
    assert b"X-A: \xe9\r\n" in server.received[0]


def test_a_name_that_changes_its_address_after_the_check_is_refused(answer: Answer) -> None:
    server = answer(OK)
    answers = iter([["93.184.215.14"], ["127.0.0.1"]])
    client = HttpClient(resolver=lambda _host, _port: next(answers))
    url = f"http://rebind.example:{server.port}/"
    assert client.guard.check(url).addresses == ("93.184.215.14",)
    with pytest.raises(AddressRefused):
        client.request(HttpRequest("GET", url))
    assert server.connections == []


def test_the_name_is_resolved_once_and_the_checked_address_called(answer: Answer) -> None:
    server = answer(OK)
    answers = iter([["127.0.0.1"], ["203.0.113.1"]])
    client = HttpClient(["127.0.0.0/8"], resolver=lambda _host, _port: next(answers))
    client.request(HttpRequest("GET", f"http://once.example:{server.port}/"))
    assert next(answers) == ["203.0.113.1"]
    assert f"Host: once.example:{server.port}\r\n".encode() in server.received[0]


def test_loopback_is_refused_without_the_operators_word(answer: Answer) -> None:
    server = answer(OK)
    with pytest.raises(AddressRefused):
        HttpClient().request(HttpRequest("GET", server.url))
    assert server.connections == []


def test_https_only_refuses_plain_http(client: HttpClient, answer: Answer) -> None:
    server = answer(OK)
    with pytest.raises(AddressRefused):
        client.request(HttpRequest("GET", server.url, https_only=True))
    assert server.connections == []


def test_proxies_and_netrc_of_the_environment_have_no_effect(
    client: HttpClient, answer: Answer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy, server = answer(OK), answer(OK)
    netrc = tmp_path / ".netrc"
    netrc.write_text("default login ambient password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    assert client.request(HttpRequest("GET", server.url)).status == 200
    assert proxy.connections == []
    assert b"authorization" not in server.received[0].lower()
