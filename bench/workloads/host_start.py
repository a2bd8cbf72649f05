"""Fifty hosts, one after another: from the question to ready, locks proven and code loaded."""

from statistics import median

from bench import extensions, hosted
from bench.lab import Lab
from bench.report import Row, Target
from bench.stats import percentile

NAME = "host_start"
_STARTS = 50
_MS = 1000


def run(lab: Lab) -> list[Row]:
    """Measure what a first call waits for."""
    home = lab.home(NAME)
    with hosted.supervised(home, extensions.write(home, "bench-alone")) as supervisor:
        running, first = supervisor.start(0)  # starts the zygote too
        supervisor.retire(running)
        taken = []
        for number in range(1, _STARTS + 1):
            running, took = supervisor.start(number)
            supervisor.retire(running)
            taken.append(took * _MS)
    lab.say(f"{NAME}: the first took {first * _MS:.0f} ms, then {median(taken):.1f} ms")
    note = f"p50 {median(taken):.1f} ms, of {_STARTS}"
    return [
        Row(workload=NAME, what="host start, ready, p95", unit="ms", ours=percentile(taken, 95),
            target=Target(value=15, better="lower"), note=note),
        Row(workload=NAME, what="the first, with its zygote", unit="ms", ours=first * _MS),
    ]  # fmt: skip
