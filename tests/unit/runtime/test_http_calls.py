"""Outside calls of an extension against real servers: what goes out, what comes back."""

import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from extensions.sdk import errors as sdk
from extensions.sdk.context import HttpResponse
from geminicrm.app import Core
from geminicrm.kernel.http.message import MAX_BYTES
from geminicrm.runtime.call_context import CallContext
from tests.support.core import Tenant, make_tenant
from tests.support.loopback import Handler, Server, read_request
from tests.support.sample_extensions import HEAD, QUIET, Stage

SETTINGS = [{"id": "url", "type": "url", "label": "Address"}]
NETWORK = [{"setting": "url", "reason": "Yours."}]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
Answer = Callable[[bytes], Server]


@dataclass(frozen=True)
class Caller:
    """The sample, with a host that an admin saved."""

    stage: Stage
    tenant: Tenant

    def get(self, url: str, seconds: float = 20.0, **more: Any) -> HttpResponse:
        """Send a request inside a call of so many seconds; `url` is what an admin saved."""
        self.stage.put(
            self.tenant, HEAD + QUIET, settings=SETTINGS, network=NETWORK,
            row={"settings": {"url": url}},
        )  # fmt: skip
        installed = self.stage.find(self.tenant)
        app: Any = installed.loaded.extension.app
        who = self.tenant.system()
        call = CallContext(installed, who, "route", seconds, passes=(sdk.SdkError,))
        asked = {"method": "GET", "url": url, **more}
        made: HttpResponse = self.stage.runtime.calls.run(call, lambda: app.http.request(**asked))
        return made


@pytest.fixture
def caller(make_core: Callable[..., Core], stage_of: Callable[..., Stage]) -> Caller:
    core = make_core(GEMINICRM_EGRESS_ALLOW="127.0.0.0/8")
    return Caller(stage_of(core), make_tenant(core, "north"))


def test_nothing_of_the_core_goes_along(caller: Caller, answer: Answer):
    server = answer(OK)
    caller.get(server.url, headers={"X-Own": "1", "Authorization": "Bearer own"})
    head, *lines = server.received[0].decode().rstrip().split("\r\n")
    assert head == "GET /hook?a=1 HTTP/1.1"
    assert sorted(lines) == [
        "Accept-Encoding: identity", "Authorization: Bearer own",
        f"Host: 127.0.0.1:{server.port}", "User-Agent: GeminiCRM-Pro", "X-Own: 1",
    ]  # fmt: skip


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_answer_and_is_not_followed(caller: Caller, answer: Answer, status: int):
    elsewhere = answer(OK)
    moved = f"HTTP/1.1 {status} Moved\r\nLocation: {elsewhere.url}\r\nContent-Length: 0\r\n\r\n"
    found = caller.get(answer(moved.encode()).url)
    assert (found.status, found.headers["location"]) == (status, elsewhere.url)
    assert elsewhere.connections == []


def test_an_answer_that_is_too_large_is_no_answer(caller: Caller, serve: Callable[..., Server]):
    def much(conn: socket.socket) -> None:
        read_request(conn)
        conn.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(MAX_BYTES // 65_536 + 2):
            conn.sendall(b"x" * 65_536)

    with pytest.raises(sdk.HttpFailed, match="more than 10485760 bytes") as caught:
        caller.get(serve(much).url)
    assert caught.value.sent


def slow(conn: socket.socket) -> None:
    """Drip an answer that never ends, each byte well within any timeout of a single read."""
    read_request(conn)
    conn.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        conn.sendall(b"x")
        time.sleep(0.05)  # the drip is what is tested


@pytest.mark.parametrize(("timeout", "seconds"), [(0.5, 20.0), (20.0, 0.5)])
def test_one_deadline_holds_over_the_whole_call(
    caller: Caller, serve: Callable[[Handler], Server], timeout: float, seconds: float
):
    started = time.monotonic()
    with pytest.raises(sdk.HttpFailed, match=r"within 0\.\d"):
        caller.get(serve(slow).url, seconds, timeout=timeout)
    assert time.monotonic() - started < 15


@pytest.mark.parametrize(
    "wrong",
    [
        {"method": "GET / HTTP/1.1\r\nHost: evil\r\n\r\nGET"},
        {"method": "CONNECT"},
        {"method": "TRACE"},
        {"headers": {"X-A\r\nX-B": "1"}},
        {"headers": {"X-A: 1\r\nX-B": "1"}},
        {"headers": {"": "1"}},
        {"headers": {"X-A": "1\r\nX-B: 2"}},
        {"headers": {"X-A": "1\nX-B: 2"}},
        {"headers": {"X-A": "1\x00"}},
        {"headers": {"X-A": "☃"}},
        {"headers": {"Host": "evil.example"}},
        {"headers": {"hOST": "evil.example"}},
        {"headers": {"Connection": "keep-alive"}},
        {"headers": {"Transfer-Encoding": "chunked"}},
        {"headers": {"Content-Length": "5"}},
        {"headers": {"Upgrade": "h2c"}},
        {"headers": {"Proxy-Authorization": "Basic x"}},
        {"headers": {"Proxy-Connection": "close"}},
        {"headers": {"proxy-anything": "x"}},
        {"url": "http://127.0.0.1:8/ HTTP/1.1\r\nX-A: 1"},
        {"url": "http://127.0.0.1:8\\@evil.example/"},
        {"url": "http://127.0.0.1:8/\x00"},
        {"url": "http://a b/"},
        {"url": "http://[::1/"},
        {"url": "http:///"},
    ],
)
def test_a_second_request_cannot_be_smuggled(caller: Caller, answer: Answer, wrong: Any):
    server = answer(OK)
    asked = {"url": server.url, **wrong}
    with pytest.raises(sdk.Invalid):
        caller.get(**asked)
    assert server.connections == []


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{other}/",
        "http://127.0.0.2:{port}/",
        "http://localhost:{port}/",
        "http://evil.example:{port}/",
        "https://127.0.0.1/",
        "http://127.0.0.1:{port}@evil.example/",
        "ftp://127.0.0.1:{port}/",
    ],
)
def test_only_the_saved_host_and_port_are_called(caller: Caller, answer: Answer, url: str):
    server, other = answer(OK), answer(OK)
    caller.get(server.url)
    app: Any = caller.stage.find(caller.tenant).loaded.extension.app
    who = caller.tenant.system()
    call = CallContext(caller.stage.find(caller.tenant), who, "route", 5, (sdk.SdkError,))
    with pytest.raises(sdk.HttpNotAllowed):
        caller.stage.runtime.calls.run(
            call,
            lambda: app.http.request("GET", url.format(port=server.port, other=other.port)),
        )
    assert (len(server.connections), other.connections) == (1, [])
