"""Webhook endpoints for measurements: their receiver, their rows, a loop that does it by hand."""

import json
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import requests
from sqlalchemy import delete

from bench import receiving
from bench.lab import Lab
from bench.services import answers
from bench.trees import free_port
from geminicrm.app import Core
from geminicrm.identity.actor import SystemActor
from geminicrm.kernel.generation import WEBHOOKS
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.vault import Vault
from geminicrm.webhooks.outgoing.models import Endpoint
from geminicrm.webhooks.outgoing.signing import new_secret, signed_headers

LOOPBACK = {"GEMINICRM_EGRESS_ALLOW": "127.0.0.0/8", "GEMINICRM_ENV": "test"}
"""What lets a worker send to a receiver here, and by http."""
_TABLE = (
    "CREATE TABLE IF NOT EXISTS bench_sent (id INTEGER PRIMARY KEY, event TEXT, status INTEGER, "
    "ms REAL, headers TEXT, answer TEXT)"
)


class Receiver:
    """A receiver in a process of its own."""

    def __init__(self, lab: Lab) -> None:
        self.port = free_port()
        command = [sys.executable, receiving.__file__, str(self.port)]
        lab.start(command, {}, lab.home("receiver")).wait_for(lambda: answers(self.port, "/"))

    def url(self, path: str = "/hook") -> str:
        """Give an address of it."""
        return f"http://127.0.0.1:{self.port}{path}"

    def seen(self) -> dict[str, Any]:
        """Give what came since it was asked last."""
        with urlopen(self.url("/seen")) as answer:  # noqa: S310 - our own server on the loopback
            found: dict[str, Any] = json.loads(answer.read())
        return found


def add_endpoints(core: Core, actor: SystemActor, urls: list[str], events: str = "*") -> None:
    """Add an endpoint for each address; those that were there before go."""
    vault = Vault(core.cipher)
    with core.works.write(actor) as work:
        work.session.execute(delete(Endpoint))
        for url in urls:
            work.session.add(
                Endpoint(
                    id=new_id("whe"),
                    workspace_id=actor.workspace_id,
                    url=url,
                    events=[events],
                    secret=vault.seal({"secret": new_secret()}),
                    state_at=work.now,
                    created_at=work.now,
                    updated_at=work.now,
                    created_by="bench",
                )
            )
        core.generations.bump(work, WEBHOOKS)


@contextmanager
def by_hand(folder: Path, url: str) -> Iterator[Callable[[int], None]]:
    """Give a loop as people write it: a requests.Session, one SQLite row for each delivery."""
    secret, body = new_secret(), json.dumps({"name": "x" * 300}).encode()
    with (
        closing(sqlite3.connect(folder / "by_hand.db", isolation_level=None)) as rows,
        requests.Session() as session,
    ):
        rows.execute("PRAGMA journal_mode=WAL")
        rows.execute("PRAGMA synchronous=NORMAL")
        rows.execute(_TABLE)
        session.trust_env = False

        def send(count: int) -> None:
            for number in range(count):
                headers = signed_headers(
                    [secret], f"evt_{number}", "bench.happened", int(time.time()), body
                )
                began = time.perf_counter()
                answer = session.post(url, data=body, headers=headers, timeout=15)
                took = (time.perf_counter() - began) * 1000
                rows.execute(
                    "INSERT INTO bench_sent (event, status, ms, headers, answer) "
                    "VALUES (?, ?, ?, ?, ?)",
                    (f"evt_{number}", answer.status_code, took, json.dumps(headers), answer.text),
                )

        yield send
