"""Upgrades and rollbacks while clients ask for a route and for records: nothing may be lost."""

import threading
import time

from bench import extensions, ours
from bench.everywhere import WORKERS
from bench.exchanges import fetch
from bench.lab import Lab
from bench.load import Tally, drive
from bench.plain import BODY
from bench.report import Row, Target
from bench.services import Service

NAME = "upgrade_under_load"
_ID = "bench-upgraded"
_CHANGES, _CLIENTS, _READERS = 4, 6, 2
_MS = 1000


def run(lab: Lab) -> list[Row]:
    """Measure the slowest answer against the slowest of the same server when nothing changes."""
    service = ours.start(lab, rows=1_000, GEMINICRM_WEB_WORKERS=str(WORKERS))
    folder = lab.home(NAME)
    for version in ("1.0.0", "2.0.0"):
        extensions.publish(service, folder, _ID, version)
    wish = {"extension_id": _ID, "grant": "requested", "allow_unsigned": True, "version": "1.0.0"}
    service.call("POST", "/api/installations", wish)
    seconds = lab.options.seconds * 2
    _drive(service, lab.options.seconds / 4)
    calm = _drive(service, seconds)
    taken: list[float] = []
    changing = threading.Thread(target=_change, args=(service, seconds, taken))
    changing.start()
    busy = _drive(service, seconds)
    changing.join()
    return [
        *(_row(*each) for each in zip(("route", "record"), calm, busy, strict=True)),
        Row(workload=NAME, what="a change under load, slowest", unit="ms",
            ours=max(taken) * _MS, note=f"{len(taken)} of {_CHANGES} changes"),
    ]  # fmt: skip


def _row(what: str, calm: Tally, busy: Tally) -> Row:
    slowest = busy.ms(100)
    note = (
        f"{len(busy.latencies):,} answers, {busy.wrong} lost, slowest {slowest:.0f} ms, "
        f"in calm {calm.ms(100):.0f}; p50 {busy.ms(50):.1f} and {calm.ms(50):.1f}"
    )
    return Row(
        workload=NAME,
        what=f"{what}: slowest above calm",
        unit="ms",
        ours=max(0.0, slowest - calm.ms(100)),
        target=Target(value=100, better="lower"),
        wrong=busy.wrong + calm.wrong,
        note=busy.first_wrong or note,
    )


def _drive(service: Service, seconds: float) -> list[Tally]:
    path = f"/api/extensions/{_ID}/hello"
    routes = [fetch(service.token, path, BODY) for _ in range(_CLIENTS)]
    reads = [service.reads(number) for number in range(_READERS)]
    return drive(service.port, [routes, reads], seconds)


def _change(service: Service, seconds: float, taken: list[float]) -> None:
    for number in range(_CHANGES):
        time.sleep(seconds / (_CHANGES + 2))  # changes are spread over the measurement
        what = "rollback" if number % 2 else "upgrade"
        began = time.perf_counter()
        service.call("POST", f"/api/installations/{_ID}/{what}", {})
        taken.append(time.perf_counter() - began)
