"""Two machines on one PostgreSQL: what is changed on one, until the other one serves it."""

import time
from collections.abc import Callable
from functools import partial
from statistics import median

from bench import extensions, ours
from bench.everywhere import WORKERS, Everywhere, everywhere
from bench.lab import Lab
from bench.report import Row, Target
from bench.services import Service
from bench.trees import free_port
from tests.support.postgres import MISSING, find_binaries, started_cluster

NAME = "two_homes"
_ID = "bench-shared"
_TIMES, _FEW = 20, 4
_ENOUGH_SECONDS = 1.0
_MS = 1000


def run(lab: Lab) -> list[Row]:
    """Measure from the request on one machine to the first answer of every worker of the other."""
    binaries = find_binaries()
    if binaries is None:
        lab.missing.append(MISSING)
        return []
    with started_cluster(binaries) as cluster:
        here, there = _homes(lab, cluster.fresh_database())
        with everywhere(there) as workers:
            return _measured(lab, here, workers)


def _homes(lab: Lab, url: str) -> tuple[Service, Service]:
    changes = {"GEMINICRM_DATABASE_URL": url, "GEMINICRM_WEB_WORKERS": str(WORKERS)}
    home, ids = ours.prepare(lab, "here", 0, **changes)
    path, port = lab.home("there"), free_port()
    public = f"https://127.0.0.1:{port}"
    places = {"GEMINICRM_HOME": str(path), "GEMINICRM_PUBLIC_URL": public, "PORT": str(port)}
    other = ours.Home(path, port, {**home.environ, **places}, home.token)
    here = ours.serve(lab, "here", home, ids, ours.WEB)
    return here, ours.serve(lab, "there", other, ids, ours.WEB)


def _measured(lab: Lab, here: Service, workers: Everywhere) -> list[Row]:
    folder = lab.home(NAME)
    for version in ("1.0.0", "2.0.0"):
        extensions.publish(here, folder, _ID, version)
    wish = {"extension_id": _ID, "grant": "requested", "allow_unsigned": True, "version": "1.0.0"}
    path = f"/api/extensions/{_ID}/version"
    # The first call on a machine starts its supervisor as well, since no tree of ours runs there.
    _took(partial(here.call, "POST", "/api/installations", wish), workers, path, "1.0.0")
    count = _TIMES if lab.options.seconds >= _ENOUGH_SECONDS else _FEW
    changed: list[float] = []
    for _ in range(count):
        for what, version in (("upgrade", "2.0.0"), ("rollback", "1.0.0")):
            change = f"/api/installations/{_ID}/{what}"
            changed.append(_took(partial(here.call, "POST", change, {}), workers, path, version))
    installed = [_installed(lab, here, workers, number) for number in range(count)]
    return [
        Row(workload=NAME, what=f"{what} to live there, slowest", unit="ms", ours=max(taken) * _MS,
            target=Target(value=1000, better="lower"),
            note=f"p50 {median(taken) * _MS:.0f} ms of {len(taken)}")
        for what, taken in (("change", changed), ("install", installed))
    ]  # fmt: skip


def _installed(lab: Lab, here: Service, workers: Everywhere, number: int) -> float:
    name = f"bench-there-{number}"
    extensions.publish(here, lab.home(NAME), name, "1.0.0")
    wish = {"extension_id": name, "grant": "requested", "allow_unsigned": True}
    path = f"/api/extensions/{name}/version"
    return _took(partial(here.call, "POST", "/api/installations", wish), workers, path, "1.0.0")


def _took(change: Callable[[], object], workers: Everywhere, path: str, version: str) -> float:
    began = time.perf_counter()
    change()
    workers.until(path, {"version": version})
    return time.perf_counter() - began
