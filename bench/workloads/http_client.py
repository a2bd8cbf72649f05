"""What the client behind `app.http` adds to a bare requests.Session, to a service on the loopback.

Both keep their connection open and ask one thing after another, in one process, in turns.
"""

import contextlib
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Final

import requests

from bench import answering
from bench.lab import Lab
from bench.report import Row, Target
from bench.services import answers
from bench.trees import free_port
from geminicrm.app import build_core
from geminicrm.config import Settings
from geminicrm.connections.absent import NoTokens
from geminicrm.connections.opened import Opened
from geminicrm.connections.outgoing.calls import OutsideCall
from geminicrm.connections.services import Service, Values
from geminicrm.connections.table import Connected
from geminicrm.connections.ways import Authentication, Injection
from geminicrm.core import Core
from geminicrm.kernel.db import Base
from geminicrm.kernel.http import HttpRequest
from geminicrm.kernel.vault import Vault

NAME: Final = "http_client"
_CALLS: Final = 1_000
_WARM: Final = 100
_TOKEN: Final = "sk_bench_0123456789"  # noqa: S105 - of nobody
_TARGET: Final = Target(value=0.25, better="lower")


def run(lab: Lab) -> list[Row]:
    """Measure, with credentials put in and each call logged."""
    port = free_port()
    tree = lab.start([sys.executable, answering.__file__, str(port)], {}, lab.home("service"))
    tree.wait_for(lambda: answers(port, "/"))
    home = lab.home("core")
    settings = Settings.from_env(
        {
            "GEMINICRM_ENV": "test",
            "GEMINICRM_HOME": str(home),
            "GEMINICRM_EGRESS_ALLOW": "127.0.0.0/8",
            "GEMINICRM_LOG_LEVEL": "INFO",
        }
    )
    core = build_core(settings)
    Base.metadata.create_all(core.database.engine)
    try:
        return [_row(lab, core, f"http://127.0.0.1:{port}/v1/things", home / "log")]
    finally:
        core.close()


def _row(lab: Lab, core: Core, url: str, log: Path) -> Row:
    ours, wrong = _ours(core, url), 0
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {_TOKEN}"
        session.trust_env = False
        bare = [lambda: session.get(url, timeout=30).content == answering.BODY, ours]
        added, theirs, mine = [], [], []
        for turn in range(lab.options.rounds):
            order = bare if turn % 2 == 0 else bare[::-1]
            with log.open("a") as sink, contextlib.redirect_stdout(sink):
                found = {call: _p50(call) for call in order}
            wrong += sum(one[1] for one in found.values())
            theirs.append(found[bare[0]][0])
            mine.append(found[ours][0])
            added.append(mine[-1] - theirs[-1])
            lab.say(f"{NAME}: round {turn + 1}, session {theirs[-1]:.3f}, ours {mine[-1]:.3f} ms")
    return Row(
        workload=NAME,
        what="client adds to requests.Session",
        unit="ms p50",
        ours=median(added),
        target=_TARGET,
        wrong=wrong,
        note=f"session {median(theirs):.2f} ms, ours {median(mine):.2f} ms, "
        f"{min(added):+.2f} to {max(added):+.2f}",
    )


def _p50(call: Callable[[], bool]) -> tuple[float, int]:
    """Give the median in milliseconds, and how many answers were wrong."""
    took, wrong = [], 0
    for number in range(_WARM + _CALLS):
        started = time.perf_counter()
        wrong += not call()
        if number >= _WARM:
            took.append((time.perf_counter() - started) * 1000)
    return median(took), wrong


def _ours(core: Core, url: str) -> Callable[[], bool]:
    call = OutsideCall(
        request=HttpRequest("GET", url),
        workspace_id="ws_bench",
        installation_id="inst_bench",
        extension_id="bench",
        operation="bench.get",
        actor_kind="system",
        actor_id="system",
        opened=_opened(core),
    )
    return lambda: core.runtime.outside.send(call).body == answering.BODY


def _opened(core: Core) -> Opened:
    inject = (Injection("header", "Authorization", "Bearer {api_key}"),)
    way = Authentication(
        id="key", type="bearer", label="Key", settings=("api_key",), inject=inject,
        authorization_url=None, token_url=None, revocation_url=None, scopes=(), parameters={},
    )  # fmt: skip
    service = Service(
        installation_id="inst_bench", workspace_id="ws_bench", extension_id="bench", name="Bench",
        enabled=True, provides=(), fields=(), ways=(way,), limits=(), host_fields=frozenset(),
    )  # fmt: skip
    vault = Vault(core.cipher)
    connection = Connected(
        id="conn_bench", workspace_id="ws_bench", installation_id="inst_bench",
        extension_id="bench", owner_id=None, name="Bench", way="key", environment="live",
        active=True, status="connected", config={}, secrets=vault.seal({"api_key": _TOKEN}),
        tokens=None, tokens_revision=0, token_expires_at=None, account="", scopes=(),
        paused_until=None, debug_until=None, last_error_code=None,
    )  # fmt: skip
    return Opened(connection, service, vault, NoTokens(), Values({}, {}))
