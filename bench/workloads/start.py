"""From the command to the first page, on a home that is set up: what `make run` waits for."""

import sys
from collections.abc import Mapping
from statistics import median

from bench.lab import Lab
from bench.report import Row, Target
from bench.services import answers
from bench.trees import free_port

NAME = "start"
_PAGE = "/sign-in"


def run(lab: Lab) -> list[Row]:
    """Measure `geminicrm serve --demo` from nothing, then on the home that this has made."""
    home = lab.home(NAME)
    port = free_port()
    environ = {
        "GEMINICRM_ENV": "development",
        "GEMINICRM_HOME": str(home / "var"),
        "PORT": str(port),
    }
    first = _seconds(lab, environ, port)
    later = [_seconds(lab, environ, port) for _ in range(lab.options.rounds)]
    lab.say(f"{NAME}: {first:.2f} s on an empty home, then {[round(each, 2) for each in later]}")
    return [
        Row(workload=NAME, what="first page, home set up", unit="s", ours=median(later),
            target=Target(value=5, better="lower"), note=f"{min(later):.2f}..{max(later):.2f}"),
        Row(workload=NAME, what="first page, empty home", unit="s", ours=first),
    ]  # fmt: skip


def _seconds(lab: Lab, environ: Mapping[str, str], port: int) -> float:
    tree = lab.start(
        [sys.executable, "-m", "geminicrm", "serve", "--demo"], environ, lab.home(NAME)
    )
    took = tree.wait_for(lambda: answers(port, _PAGE))
    tree.stop()
    return took
