"""An authorization server on the loopback that counts what it is asked, and fails when told to."""

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from typing_extensions import override

CLIENT = "client-of-the-crm"
SECRET = "secret-of-the-crm"


@dataclass(frozen=True)
class Asked:
    """One request: its path, who asked, and its form."""

    path: str
    authorization: str
    form: dict[str, str]

    @property
    def grant(self) -> str:
        """Name the grant."""
        return self.form.get("grant_type", "")


@dataclass
class TokenServer:
    """What came in, and what is answered.

    `answers` are given first, each once, as (status, body); after them it works as it should:
    numbered tokens, refresh tokens that hold once. `more` is put over each good answer, where None
    takes a member away. `hold` keeps answers back until it is set.
    """

    port: int = 0
    asked: list[Asked] = field(default_factory=list)
    answers: list[tuple[int, Any]] = field(default_factory=list)
    more: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    challenge: str = ""
    number: int = 0
    hold: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        """Give its address."""
        return f"http://127.0.0.1:{self.port}"

    def count(self, grant: str) -> int:
        """Count the requests of a grant."""
        return sum(one.grant == grant for one in self.asked)

    def answer(self, asked: Asked) -> tuple[int, Any]:
        """Take a request and give the answer that is due."""
        with self.lock:
            self.asked.append(asked)
            if self.answers:
                return self.answers.pop(0)
            if asked.path == "/revoke":
                return 200, {}
            return self._token(asked)

    def _token(self, asked: Asked) -> tuple[int, Any]:
        if asked.grant == "refresh_token" and asked.form["refresh_token"] != self.refresh:
            return 400, {"error": "invalid_grant", "error_description": "not the latest one"}
        if asked.grant == "authorization_code" and _s256(asked.form) != self.challenge:
            return 400, {"error": "invalid_grant", "error_description": "wrong verifier"}
        self.number += 1
        found = {
            "access_token": f"access-{self.number}",
            "refresh_token": self.refresh,
            "token_type": "Bearer",
            "expires_in": 3600,
            **self.more,
        }
        return 200, {name: one for name, one in found.items() if one is not None}

    @property
    def refresh(self) -> str:
        """Give the refresh token that holds."""
        return f"refresh-{self.number}"


def _s256(form: dict[str, str]) -> str:
    digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@pytest.fixture
def token_server() -> Iterator[TokenServer]:
    """Give one that listens."""
    service = TokenServer()
    service.hold.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            form = dict(parse_qsl(self.rfile.read(length).decode()))
            path = urlsplit(self.path).path
            asked = Asked(path, self.headers.get("Authorization", ""), form)
            status, body = service.answer(asked)
            service.hold.wait(30)
            text = body.encode() if isinstance(body, str) else json.dumps(body).encode()
            self.send_response(status)
            for name, value in service.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        @override
        def log_message(self, *_about: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield service
    service.hold.set()
    server.shutdown()
    thread.join()
    server.server_close()
