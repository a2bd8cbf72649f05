"""The choice of the WSGI server: ours with 8 and with 1 blocking threads, and gunicorn gthread."""

import sys
from pathlib import Path

from bench import baselines, extensions, ours
from bench.baselines import NotInstallable
from bench.compare import Contender, Contest, measure
from bench.exchanges import fetch
from bench.lab import Lab
from bench.load import drive
from bench.report import Row
from bench.services import Service

NAME = "servers"
_ID = "bench-slow"
_ASKING = 4


def run(lab: Lab) -> list[Row]:
    """Measure reads, then reads while an extension's route sleeps for 50 ms at a time."""
    services = [_granian(lab, 8), _granian(lab, 1)]
    try:
        services.append(_gthread(lab, baselines.packages(lab)))
    except NotInstallable as error:
        lab.missing.append(f"gunicorn: {error}")
    contenders = [Contender(one, one.reads) for one in services]
    rows = measure(lab, Contest(workload=NAME, what="read one lead", contenders=contenders))
    folder = lab.home("extensions")
    for number, service in enumerate(services):
        extensions.add(service, folder / str(number), _ID)
        rows += _beside_slow(lab, service)
    return rows


def _beside_slow(lab: Lab, service: Service) -> list[Row]:
    path = f"/api/extensions/{_ID}/slow"
    # A route that finds no place in the bulkhead is refused, which is no wrong answer here.
    slow = [fetch(service.token, path, also=(503,)) for _ in range(_ASKING)]
    reads = [service.reads(number) for number in range(_ASKING)]
    _, tally = drive(service.port, [slow, reads], lab.options.seconds)
    lab.say(f"{NAME}: {service.name} beside a slow route: p99 {tally.ms(99):.1f} ms")
    what = f"{service.name}: reads beside slow"
    return [
        Row(workload=NAME, what=f"{what}, p{percent}", unit="ms", ours=tally.ms(percent),
            wrong=tally.wrong, note=f"{tally.rate:,.0f} reads/s")
        for percent in (50, 99)
    ]  # fmt: skip


def _granian(lab: Lab, threads: int) -> Service:
    return ours.start(lab, f"granian {threads}", GEMINICRM_WEB_THREADS=str(threads))


def _gthread(lab: Lab, packages: Path) -> Service:
    name = "gthread 8"
    home, ids = ours.prepare(lab, name, lab.options.rows)
    command = [sys.executable, "-m", "bench.gthread", str(packages), "--bind",
               f"127.0.0.1:{home.port}", "--workers", "1", "--threads", "8", "--worker-class",
               "gthread", "geminicrm.processes.web:application()"]  # fmt: skip
    return ours.serve(lab, name, home, ids, command)
