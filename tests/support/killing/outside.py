"""A far side that remembers what it accepted, and kills whoever asks before it answers.

It plays as much of Stripe and HubSpot as the stories need, over HTTP on the loopback. Unlike a
mock it has a state: what was made twice is there twice.
"""

import json
import os
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import urlsplit

from typing_extensions import override

from tests.support.killing.far_hubspot import FarHubSpot
from tests.support.killing.far_stripe import FarStripe

_GONE: Final = 499


@dataclass
class Outside:
    """What was asked, in the shape of `Vendors.log`; `deadly` is how many more such calls live.

    A call is told by the end of its path. The victim's number is given once it runs.
    """

    port: int = 0
    stripe: FarStripe = field(default_factory=FarStripe)
    hubspot: FarHubSpot = field(default_factory=FarHubSpot)
    log: dict[str, list[dict[str, Any]]] = field(
        default_factory=lambda: {"stripe": [], "hubspot": []}
    )
    deadly: dict[str, int] = field(default_factory=dict)
    victim: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def base_url(self, vendor: str) -> str:
        """Give the address that stands for a vendor's API."""
        return f"http://127.0.0.1:{self.port}/{vendor}"

    def take(self, call: dict[str, Any], vendor: str) -> tuple[int, Any]:
        """Do what is asked; then, where this call is deadly, kill whoever asked."""
        with self._lock:
            self.log[vendor].append(call)
            done: tuple[int, Any] = getattr(self, vendor).take(call)
            if self._kills(call["path"]):
                os.kill(self.victim, signal.SIGKILL)
                return _GONE, {}
            return done

    def _kills(self, path: str) -> bool:
        ending = next((one for one in self.deadly if path.endswith(one)), None)
        if ending is None:
            return False
        self.deadly[ending] -= 1
        return self.deadly[ending] < 0 and self.deadly.pop(ending) < 0


@contextmanager
def listening() -> Iterator[Outside]:
    """Have one listen."""
    outside = Outside()

    class Handler(BaseHTTPRequestHandler):
        def _take(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            split = urlsplit(self.path)
            _, vendor, path = split.path.split("/", 2)
            call: dict[str, Any] = {
                "method": self.command,
                "path": f"/{path}",
                "query": split.query,
                "headers": {name.lower(): value for name, value in self.headers.items()},
                "body": body.decode(),
            }
            status, told = outside.take(call, vendor)
            if status != _GONE:
                self._answer(status, told)

        def _answer(self, status: int, told: Mapping[str, Any]) -> None:
            text = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = _take  # noqa: N815 - names that http.server looks for

        @override
        def log_message(self, *_about: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    outside.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield outside
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
