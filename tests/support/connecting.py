"""Connections of integrations in tests, and a service on the loopback that notes its calls."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from typing_extensions import override

from geminicrm.connections.book import NewConnection
from geminicrm.runtime.providers import Asked
from tests.support.installed import BuiltIn


@dataclass(frozen=True)
class Call:
    """One request as the service saw it; header names are in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class OutsideService:
    """What came in; `answers` are given in turn as (status, body), the last one again and again."""

    port: int = 0
    answers: list[tuple[int, Any]] = field(default_factory=lambda: [(200, {})])
    calls: list[Call] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Give its address."""
        return f"http://127.0.0.1:{self.port}"

    def next_answer(self) -> tuple[int, Any]:
        """Give the answer that is due."""
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture
def outside() -> Iterator[OutsideService]:
    """Give a service that listens."""
    service = OutsideService()

    class Handler(BaseHTTPRequestHandler):
        def _take(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            service.calls.append(Call(self.command, self.path, headers, self.rfile.read(length)))
            status, body = service.next_answer()
            text = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _take  # noqa: N815 - names that http.server looks for

        @override
        def log_message(self, *_about: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield service
    server.shutdown()
    thread.join()
    server.server_close()


def connect(made: BuiltIn, **config: Any) -> str:
    """Connect an installed integration in its workspace; give the connection's id."""
    core = made.core
    with core.works.write(made.tenant.owner()) as work:
        return core.connections.book.create(work, NewConnection(service=made.id, config=config)).id


def ask(
    made: BuiltIn, capability: str, operation: str, /, *, via: str | None = None, **given: Any
) -> Any:
    """Have an operation of a capability done; `via` is the id of a connection."""
    asked = Asked(capability=capability, operation=operation, arguments=given, connection_id=via)
    return made.core.runtime.capabilities.ask(made.tenant.owner(), asked)[1]
