"""From a commit to the first byte at a receiver, alone and beside others that hang."""

import time

from bench import ours
from bench.hooking import LOOPBACK, Receiver, add_endpoints
from bench.lab import Lab
from bench.pacing import paced
from bench.report import Row, Target
from bench.stats import percentile
from bench.working import opened
from bench.workloads.event_latency import WORKER, NotHandled
from geminicrm.app import Core
from geminicrm.identity.actor import SystemActor

NAME = "webhook_latency"
_RATE = 100.0
_MOST = 800
_PATIENCE = 60.0
_LOOK_SECONDS = 0.1
_HANGING = 20
_AIMS = {0: Target(value=250, better="lower"), _HANGING: Target(value=1_000, better="lower")}


def run(lab: Lab) -> list[Row]:
    """Measure with nobody else, and while twenty endpoints hang."""
    return [_measured(lab, hanging) for hanging in _AIMS]


def _measured(lab: Lab, hanging: int) -> Row:
    receiver = Receiver(lab)
    home, _ = ours.prepare(lab, f"{NAME}-{hanging}", 0, **LOOPBACK)
    environ = dict(home.environ)
    count = min(int(_RATE * max(lab.options.seconds * 2, 1.0)), _MOST)
    with opened(environ) as (core, actor):
        urls = [receiver.url(), *(receiver.url(f"/hang/{number}") for number in range(hanging))]
        add_endpoints(core, actor, urls, "lead.created")
        worker = lab.start(WORKER, environ, lab.home("worker"))
        _make(core, actor)
        _came(receiver, 1)  # the worker is there
        paced(_RATE, count, lambda _number: _make(core, actor))
        taken = _came(receiver, count)
        worker.stop()
    beside = f" beside {hanging} that hang" if hanging else ""
    lab.say(f"{NAME}:{beside} p95 {percentile(taken, 95):.1f} ms")
    return Row(
        workload=NAME,
        what=f"commit to first byte{beside}, {_RATE:.0f}/s, p95",
        unit="ms",
        ours=percentile(taken, 95),
        target=_AIMS[hanging],
        note=f"p50 {percentile(taken, 50):.1f}, slowest {max(taken):.0f} ms of {len(taken)}",
    )


def _make(core: Core, actor: SystemActor) -> None:
    # The time is counted from before the change, so that none of its commit is left out.
    core.crm.leads.create(actor, {"last_name": "Bench", "custom": {}, "company": repr(time.time())})


def _came(receiver: Receiver, wanted: int) -> list[float]:
    """Wait until so many have come; give the milliseconds that each took."""
    deadline, found = time.monotonic() + _PATIENCE, []
    while time.monotonic() < deadline:
        found += receiver.seen()["ms"]
        if len(found) >= wanted:
            return found
        time.sleep(_LOOK_SECONDS)  # nobody tells: the receiver is asked again
    raise NotHandled(f"{len(found)} of {wanted} webhooks came within {_PATIENCE:g} s")
