"""A route of an in-process extension against the same view in plain Flask and in our core."""

import sys

from bench import extensions, ours, plain
from bench.compare import Contender, Contest, measure
from bench.exchanges import fetch
from bench.lab import Lab
from bench.report import Row, Target
from bench.services import Service

NAME = "route"
_ID = "bench-route"


def run(lab: Lab) -> list[Row]:
    """Measure how much longer the extension's route takes."""
    service = ours.start(lab, rows=0)
    extensions.add(service, lab.home("extensions"), _ID)
    bare = plain.start(lab)
    home, _ = ours.prepare(lab, "core view", 0)
    command = plain.command(sys.executable, "bench.plain:guarded", home.port, lab.options.threads)
    core = ours.serve(lab, "core view", home, [], command)
    contest = Contest(
        workload=NAME,
        what="route of an extension",
        contenders=[
            _asking(service, f"/api/extensions/{_ID}/hello"),
            _asking(core, plain.PATH),
            _asking(bare, plain.PATH),
        ],
        targets={bare.name: Target(value=1.1, better="lower")},
        metric="ms p50",
    )
    return measure(lab, contest)


def _asking(service: Service, path: str) -> Contender:
    return Contender(service, lambda _connection: fetch(service.token, path, plain.BODY))
