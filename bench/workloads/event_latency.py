"""From a commit to the start of the handler, at a hundred events a second, in a real worker."""

import sys
import time

from bench import extensions, ours
from bench.lab import Lab
from bench.pacing import paced
from bench.report import Row, Target
from bench.stats import percentile
from bench.working import opened
from geminicrm.app import Core
from geminicrm.identity.actor import SystemActor
from geminicrm.runtime.extension_logs import MOST_LINES

NAME = "event_latency"
_RATE = 100.0
_MOST = 800
_PATIENCE = 30.0
_LOOK_SECONDS = 0.1
_AIM_MS = 250
WORKER = [sys.executable, "-m", "geminicrm", "worker"]


def run(lab: Lab) -> list[Row]:
    """Measure with a handler in process and with one in a locked host."""
    return [_measured(lab, hosted=hosted) for hosted in (False, True)]


def _measured(lab: Lab, *, hosted: bool) -> Row:
    where = "in a host" if hosted else "in process"
    service = ours.start(lab, f"{NAME} {where}", rows=0)
    name = "bench-listener"
    extensions.add(service, lab.home(name), name, kind=extensions.TELLING, hosted=hosted)
    service.tree.stop()
    lab.start(WORKER, service.environ, lab.home("worker"))
    count = min(int(_RATE * max(lab.options.seconds * 2, 1.0)), _MOST)
    with opened(dict(service.environ)) as (core, actor):
        _make(core, actor)
        _told(core, actor, name, 1)  # the worker is there, and so is the host
        paced(_RATE, count, lambda _number: _make(core, actor))
        taken = _told(core, actor, name, count + 1)[1:]
    lab.say(f"{NAME}: {where}: p95 {percentile(taken, 95):.1f} ms")
    return Row(
        workload=NAME,
        what=f"commit to handler {where}, {_RATE:.0f}/s, p95",
        unit="ms",
        ours=percentile(taken, 95),
        target=Target(value=_AIM_MS, better="lower"),
        note=f"p50 {percentile(taken, 50):.1f}, slowest {max(taken):.0f} ms of {len(taken)}",
    )


def _make(core: Core, actor: SystemActor) -> None:
    # The time is counted from before the change, so that none of its commit is left out.
    core.crm.leads.create(actor, {"last_name": "Bench", "custom": {}, "company": repr(time.time())})


def _told(core: Core, actor: SystemActor, name: str, wanted: int) -> list[float]:
    """Wait for the handler's lines; give the milliseconds that each tells."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        lines = core.life_cycle.inventory.log(actor, name, MOST_LINES)
        found = [float(line["fields"]["ms"]) for line in lines if line["message"] == "begun"]
        if len(found) >= wanted:
            return found
        time.sleep(_LOOK_SECONDS)  # nothing tells of a line: the file is looked at again
    raise NotHandled(f"{len(found)} of {wanted} events were handled within {_PATIENCE:g} s")


class NotHandled(RuntimeError):
    """The worker did not do what the measurement waits for."""
