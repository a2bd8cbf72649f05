"""Starts the baseline made with Django REST framework, in an environment of its own."""

import subprocess
from pathlib import Path

from bench import baselines
from bench.lab import Lab
from bench.services import Service, answers
from bench.serving import command
from bench.trees import ROOT, clean_environ, free_port

NAME = "drf"
_SLOWEST = 300.0


def start(lab: Lab) -> Service:
    """Start it with its records. Raises baselines.NotInstallable."""
    python = baselines.python(lab)
    home = lab.home(NAME)
    environ = {
        "DJANGO_SETTINGS_MODULE": "bench.drf_site.settings",
        "BENCH_DRF_DATABASE": str(home / "drf.db"),
    }
    token, *ids = _fill(python, lab.options.rows, environ)
    port = free_port()
    target = command(python, "bench.drf_site.wsgi:application", port, lab.options.threads)
    tree = lab.start(target, environ, home)
    tree.wait_for(lambda: answers(port, "/", (404,)))
    return Service(name=NAME, tree=tree, port=port, token=token, ids=ids, key="results")


def _fill(python: str, count: int, environ: dict[str, str]) -> list[str]:
    done = subprocess.run(
        [python, "-m", "bench.drf_site.fill", str(count)],
        env={**clean_environ(), **environ},
        cwd=Path(ROOT),
        capture_output=True,
        text=True,
        timeout=_SLOWEST,
        check=False,
    )
    if done.returncode:
        raise baselines.NotInstallable(done.stderr[-500:])
    return done.stdout.split()
