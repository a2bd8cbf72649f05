"""Four changes of a host's generation while eight clients ask: nothing may be lost."""

import threading
import time
from pathlib import Path

from bench import extensions, hosted, ours
from bench.exchanges import fetch
from bench.lab import Lab
from bench.load import drive
from bench.plain import BODY
from bench.report import Row, Target

NAME = "rolling_upgrade"
_ID = "bench-rolled"
_CHANGES, _CLIENTS = 4, 8


def run(lab: Lab) -> list[Row]:
    """Measure the slowest answer and count those that were not as they should be."""
    service = ours.start(lab, rows=0)
    extensions.add(service, lab.home(NAME), _ID, hosted=True)
    installed = service.call("GET", f"/api/installations/{_ID}")["id"]
    path = f"/api/extensions/{_ID}/hello"
    sources = [fetch(service.token, path, BODY) for _ in range(_CLIENTS)]
    drive(service.port, [sources], lab.options.seconds / 4)
    seconds = lab.options.seconds * 2
    with hosted.supervised(Path(service.environ["GEMINICRM_HOME"])) as supervisor:
        rolling = threading.Thread(target=_roll, args=(supervisor, installed, seconds))
        rolling.start()
        tally = drive(service.port, [sources], seconds)[0]
        rolling.join()
        generations = [each.generation for each in supervisor.hosts()]
    note = f"{len(tally.latencies):,} answers, {tally.wrong} lost, generation {max(generations)}"
    return [
        Row(workload=NAME, what=f"slowest answer, {_CHANGES} changes", unit="ms",
            ours=tally.ms(100), target=Target(value=100, better="lower"), wrong=tally.wrong,
            note=tally.first_wrong or note),
        Row(workload=NAME, what="answer meanwhile, p50", unit="ms", ours=tally.ms(50)),
    ]  # fmt: skip


def _roll(supervisor: hosted.Supervisor, installation_id: str, seconds: float) -> None:
    for _ in range(_CHANGES):
        time.sleep(seconds / (_CHANGES + 2))  # changes are spread over the measurement
        supervisor.restart(installation_id)
