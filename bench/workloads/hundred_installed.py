"""Memory of the whole tree with 100 installed extensions, of which 3 run, against none."""

import time

from bench import extensions, ours
from bench.lab import Lab
from bench.report import Row, Target
from bench.services import Service

NAME = "hundred_installed"
_INSTALLED, _RUNNING = 100, 3
_CALM_SECONDS = 3.0


def run(lab: Lab) -> list[Row]:
    """Measure after everything has been started once."""
    # What has been installed is not running: an idle host would end by itself, in its own time.
    none, many = (_started(lab, count) for count in (0, _INSTALLED))
    time.sleep(_CALM_SECONDS)  # what only starting needs goes first
    without, having = none.tree.memory(), many.tree.memory()
    note = f"{having:.0f} MiB against {without:.0f} MiB, {len(many.tree.members())} processes"
    return [
        Row(workload=NAME, what=f"{_INSTALLED} installed, {_RUNNING} run", unit="MiB",
            ours=having - without, target=Target(value=64, better="lower"), note=note)
    ]  # fmt: skip


def _started(lab: Lab, count: int) -> Service:
    home, ids = ours.prepare(lab, f"{count} installed", 0)
    installing = ours.serve(lab, f"{count} installed", home, ids, ours.WEB)
    folder = lab.home(f"extensions-{count}")
    for number in range(count):
        lab.say(f"{NAME}: installing extension {number + 1} of {count}")
        extensions.add(installing, folder, f"bench-{number}", hosted=True)
    installing.tree.stop()
    service = ours.serve(lab, f"{count} installed", home, ids, ours.WEB)
    service.call("GET", "/api/leads?limit=1")
    for number in range(min(count, _RUNNING)):
        service.call("GET", f"/api/extensions/bench-{number}/hello")
    return service
