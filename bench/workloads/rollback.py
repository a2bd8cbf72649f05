"""Rollbacks, from the request until every web worker serves the version before."""

import time
from statistics import median

from bench import extensions, ours
from bench.everywhere import WORKERS, everywhere
from bench.lab import Lab
from bench.report import Row, Target

NAME = "rollback"
_ID = "bench-returned"
_TIMES, _FEW = 20, 4
_ENOUGH_SECONDS = 1.0
_MS = 1000


def run(lab: Lab) -> list[Row]:
    """Measure the slowest of several."""
    service = ours.start(lab, rows=0, GEMINICRM_WEB_WORKERS=str(WORKERS))
    folder = lab.home(NAME)
    for version in ("1.0.0", "2.0.0"):
        extensions.publish(service, folder, _ID, version)
    wish = {"extension_id": _ID, "grant": "requested", "allow_unsigned": True, "version": "1.0.0"}
    service.call("POST", "/api/installations", wish)
    count = _TIMES if lab.options.seconds >= _ENOUGH_SECONDS else _FEW
    back: list[float] = []
    forth: list[float] = []
    path = f"/api/extensions/{_ID}/version"
    with everywhere(service) as workers:
        for _ in range(count):
            for what, version, taken in (("upgrade", "2.0.0", forth), ("rollback", "1.0.0", back)):
                began = time.perf_counter()
                service.call("POST", f"/api/installations/{_ID}/{what}", {})
                workers.until(path, {"version": version})
                taken.append(time.perf_counter() - began)
    return [
        Row(workload=NAME, what=f"rollback, {WORKERS} workers, slowest", unit="ms",
            ours=max(back) * _MS, target=Target(value=1000, better="lower"),
            note=f"p50 {median(back) * _MS:.0f} ms of {count}"),
        Row(workload=NAME, what="upgrade, slowest", unit="ms", ours=max(forth) * _MS,
            note=f"p50 {median(forth) * _MS:.0f} ms of {count}"),
    ]  # fmt: skip
