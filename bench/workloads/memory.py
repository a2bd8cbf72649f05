"""Memory of the whole tree when nobody asks for anything, and after some thousand requests."""

import sys
import time

from bench import ours
from bench.lab import Lab
from bench.load import drive
from bench.report import Row, Target

NAME = "memory"
_CALM_SECONDS = 3.0
_LOAD_SECONDS = 5.0


def run(lab: Lab) -> list[Row]:
    """Measure `geminicrm serve` with two web processes and the worker."""
    home, ids = ours.prepare(lab, NAME, lab.options.rows, GEMINICRM_WEB_WORKERS="2")
    serve = [sys.executable, "-m", "geminicrm", "serve"]
    service = ours.serve(lab, NAME, home, ids, serve)
    time.sleep(_CALM_SECONDS)  # what only starting needs goes first
    idle, processes = service.tree.memory(), len(service.tree.members())
    sources = [
        service.lists(number) if number % 2 else service.reads(number) for number in range(8)
    ]
    tally = drive(service.port, [sources], _LOAD_SECONDS)[0]
    loaded = service.tree.memory()
    lab.say(f"{NAME}: {idle:.0f} MiB idle in {processes} processes, {loaded:.0f} MiB after load")
    unit, note = "MiB", f"{processes} processes"
    return [
        Row(workload=NAME, what="whole tree, idle (PSS)", unit=unit, ours=idle, note=note,
            target=Target(value=300, better="lower")),
        Row(workload=NAME, what="whole tree, after load (PSS)", unit=unit, ours=loaded, note=note,
            wrong=tally.wrong),
    ]  # fmt: skip
