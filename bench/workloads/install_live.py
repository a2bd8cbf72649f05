"""Installs out of the embedded registry, until every web worker has answered from the new route."""

import time
from pathlib import Path
from statistics import median

from bench import extensions, ours
from bench.everywhere import WORKERS, Everywhere, everywhere
from bench.lab import Lab
from bench.report import Row, Target
from bench.services import Service
from bench.stats import percentile

NAME = "install_live"
_INSTALLS, _FEW = 40, 8
_ENOUGH_SECONDS = 1.0
_MS = 1000


def run(lab: Lab) -> list[Row]:
    """Measure from the request to install to the last worker's first answer."""
    service = ours.start(lab, rows=0, GEMINICRM_WEB_WORKERS=str(WORKERS))
    folder = lab.home(NAME)
    count = _INSTALLS if lab.options.seconds >= _ENOUGH_SECONDS else _FEW
    taken, long_installed = [], []
    steps: dict[str, list[float]] = {}
    with everywhere(service) as workers:
        _install(service, workers, _published(service, folder, "bench-first"), steps)
        for number in range(count):
            lab.say(f"{NAME}: install {number + 1} of {count}")
            name = _published(service, folder, f"bench-live-{number}")
            taken.append(_install(service, workers, name, steps))
            long_installed.append(_answer(workers, "bench-first"))
            service.call("DELETE", f"/api/installations/{name}?data=purge")
    slow = ", ".join(f"{name} {median(each) * _MS:.0f}" for name, each in steps.items())
    return [
        Row(workload=NAME, what=f"install to live in {WORKERS} workers, p95", unit="ms",
            ours=percentile(taken, 95) * _MS, base=median(long_installed) * _MS,
            baseline="long installed", target=Target(value=1000, better="lower"),
            note=f"p50 {median(taken) * _MS:.0f} ms of {count}; steps, ms: {slow}"),
    ]  # fmt: skip


def _published(service: Service, folder: Path, name: str) -> str:
    """Publish an extension; give its id."""
    extensions.publish(service, folder, name)
    return name


def _install(
    service: Service, workers: Everywhere, name: str, steps: dict[str, list[float]]
) -> float:
    wish = {"extension_id": name, "grant": "requested", "allow_unsigned": True}
    began = time.perf_counter()
    made = service.call("POST", "/api/installations", wish)
    workers.until(f"/api/extensions/{name}/hello", extensions.HELLO)
    took = time.perf_counter() - began
    for each in made["steps"]:
        steps.setdefault(each["step"], []).append(each["seconds"])
    return took


def _answer(workers: Everywhere, name: str) -> float:
    began = time.perf_counter()
    workers.until(f"/api/extensions/{name}/hello", extensions.HELLO)
    return time.perf_counter() - began
