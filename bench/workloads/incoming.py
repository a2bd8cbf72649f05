"""How long a service waits for its answer, at 200 webhooks a second, beside a real worker."""

import hashlib
import hmac
import json
import sys
import threading
import time
from http.client import HTTPConnection

from typing_extensions import override

from bench import extensions, ours
from bench.lab import Lab
from bench.report import Row, Target
from bench.stats import percentile
from bench.working import opened
from geminicrm.connections.book import NewConnection

NAME = "incoming"
_RATE = 200.0
_SENDERS = 16
_NAME = "bench-receiver"
_AIM_MS = 100
_OK = 200
_SERVE = [sys.executable, "-m", "geminicrm", "serve"]


def run(lab: Lab) -> list[Row]:
    """Measure from the moment that each is due to the end of its answer."""
    home, ids = ours.prepare(lab, NAME, 0, GEMINICRM_WEB_WORKERS="2")
    service = ours.serve(lab, NAME, home, ids, _SERVE)
    extensions.add(service, lab.home(_NAME), _NAME, kind=extensions.RECEIVING)
    path = _connected(dict(home.environ))
    count = int(_RATE * max(lab.options.seconds * 3, 1.0))
    _Sender(home.port, path, 0).warm()
    taken, wrong = _driven(home.port, path, count)
    lab.say(f"{NAME}: p99 {percentile(taken, 99) * 1000:.1f} ms")
    return [
        Row(
            workload=NAME,
            what=f"webhook to its answer, {_RATE:.0f}/s, p99",
            unit="ms",
            ours=percentile(taken, 99) * 1000,
            target=Target(value=_AIM_MS, better="lower"),
            wrong=wrong,
            note=f"p50 {percentile(taken, 50) * 1000:.1f}, slowest {max(taken) * 1000:.0f} ms of "
            f"{len(taken)}",
        )
    ]


class _Sender(threading.Thread):
    """Sends its share of the events, each when it is due: one that is late counts from then."""

    def __init__(self, port: int, path: str, count: int, first: int = 0) -> None:
        super().__init__(daemon=True)
        self._line = HTTPConnection("127.0.0.1", port, timeout=30)
        self._path = path
        self._numbers = range(first, count, _SENDERS)
        self.began = 0.0
        self.taken: list[float] = []
        self.wrong = 0

    def warm(self) -> None:
        """Open the connection, and have everything compiled that is when it is first asked for."""
        for number in range(5):
            self._send(-1 - number)

    @override
    def run(self) -> None:
        """Send them."""
        for number in self._numbers:
            due = self.began + number / _RATE
            time.sleep(max(due - time.perf_counter(), 0.0))  # the pace is what this is about
            self.wrong += self._send(number) != _OK
            self.taken.append(time.perf_counter() - due)

    def _send(self, number: int) -> int:
        event = {"id": f"evt_{number}", "type": "bench.happened", "data": {"object": "x" * 800}}
        body, at = json.dumps(event).encode(), int(time.time())
        signed = hmac.new(extensions.SECRET.encode(), f"{at}.".encode() + body, hashlib.sha256)
        headers = {"Stripe-Signature": f"t={at},v1={signed.hexdigest()}"}
        self._line.request("POST", self._path, body, headers)
        answer = self._line.getresponse()
        answer.read()
        return answer.status


def _driven(port: int, path: str, count: int) -> tuple[list[float], int]:
    senders = [_Sender(port, path, count, first) for first in range(_SENDERS)]
    began = time.perf_counter() + 0.2
    for one in senders:
        one.began = began
        one.start()
    for one in senders:
        one.join()
    taken = [seconds for one in senders for seconds in one.taken]
    return taken, sum(one.wrong for one in senders) + count - len(taken)


def _connected(environ: dict[str, str]) -> str:
    """Connect the receiver; give the path of its address."""
    with opened(environ) as (core, actor):
        new = NewConnection(service=_NAME, config={"signing": extensions.SECRET})
        with core.works.write(actor) as work:
            connection_id = core.connections.book.create(work, new).id
        ((_, path),) = core.incoming.addresses.paths(actor, _NAME, connection_id)
    return path
