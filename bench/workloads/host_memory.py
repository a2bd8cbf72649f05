"""What each further host costs in memory that it shares with nobody."""

from statistics import median

from bench import extensions, hosted
from bench.lab import Lab
from bench.report import Row, Target

NAME = "host_memory"
_HOSTS = 10
_MIB = 1024 * 1024


def run(lab: Lab) -> list[Row]:
    """Measure hosts that are ready and have nothing to do."""
    home = lab.home(NAME)
    with hosted.supervised(home, extensions.write(home, "bench-alone")) as supervisor:
        for number in range(_HOSTS):
            supervisor.start(number)
        private = [each.private_memory / _MIB for each in supervisor.hosts()]
    return [
        Row(workload=NAME, what="private memory of a host", unit="MiB", ours=median(private),
            target=Target(value=10, better="lower"), note=f"{min(private):.1f}..{max(private):.1f}")
    ]  # fmt: skip
