"""Runs every gate in order, shows what each cost, and fails when one of them failed.

`python -m tools.gates`, with `--full` for the long loops, `--only NAME` for one gate.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.unused import DECLARATIONS, NAMES, UNUSED_YET

ROOT = Path(__file__).resolve().parent.parent
TESTS = "pytest"
PYTEST = ("coverage", "run", "-m", "pytest")
PACKAGES = ("geminicrm", "extensions", "marketplace")
WORKERS = "3"
# What takes long is said in the end: that is where a run can be made shorter.
SLOWEST = ("--durations=60", "--durations-min=2")
RECOMPILE = "PYTHONDONTWRITEBYTECODE"
NOT_FOUND = 127
TESTS_FAILED = 1
# The tests that kill servers share two cores with those of other tests. As many as these may
# fail there if they pass alone; they are named in the end, each of them is a fault to be found.
MOST_ALONE = 5
FAILED = ROOT / ".pytest_cache/v/cache/lastfailed"
VULTURE_OPTIONS = (
    "--min-confidence=80",
    f"--exclude={','.join(DECLARATIONS)}",
    f"--ignore-names={','.join(NAMES)}",
)
# Old counts go before the tests, the counts of all processes meet after them.
PREPARATION = {
    "pytest": (("coverage", "erase"),),
    "coverage": (("coverage", "combine", "--quiet"),),
}


@dataclass(frozen=True, kw_only=True)
class Gate:
    """A command that must end with 0."""

    name: str
    command: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a gate said and how many seconds it took."""

    name: str
    seconds: float
    ok: bool
    alone: tuple[str, ...] = ()
    """Tests that passed only when they were run again with nothing beside them."""

    def line(self) -> str:
        """Give the gate's row in the closing table."""
        verdict = "ok" if self.ok else "FAILED"
        unstable = f", {len(self.alone)} UNSTABLE" if self.alone else ""
        return f"{self.name:<16}{self.seconds:>9.1f} s  {verdict}{unstable}"


def deptry_options() -> Iterator[str]:
    """Give the switches of deptry: what is ours, and what is pinned before it is used."""
    yield from ("--requirements-files", "requirements.txt")
    yield from ("--extend-exclude", "(tests|tools|bench|conftest.py|var|build)")
    for package in PACKAGES:
        yield from ("--known-first-party", package)
    if UNUSED_YET:
        yield from ("--per-rule-ignores", f"DEP002={'|'.join(UNUSED_YET)}")


def gates() -> tuple[Gate, ...]:
    """Give the gates, the cheap ones first."""
    return (
        Gate(name="ruff check", command=("ruff", "check")),
        Gate(name="ruff format", command=("ruff", "format", "--check")),
        Gate(name="codespell", command=("codespell",)),
        Gate(name="vulture", command=("vulture", *PACKAGES, "tools", *VULTURE_OPTIONS)),
        Gate(name="deptry", command=("deptry", ".", *deptry_options())),
        Gate(name="layers", command=("lint-imports", "--config", "setup.cfg")),
        Gate(name="mypy", command=("mypy",)),
        Gate(name=TESTS, command=(*PYTEST, "-n", WORKERS, *SLOWEST)),
        Gate(name="coverage", command=("coverage", "report")),
    )


def environment(*, full: bool) -> dict[str, str]:
    """Give the environment of the gates: the tools of this interpreter first.

    Images of Python often forbid it to keep what it compiled; hundreds of processes are started
    here, and each would compile all of the project for itself.
    """
    kept = {name: value for name, value in os.environ.items() if name != RECOMPILE}
    tools = Path(sys.executable).parent
    environ = {**kept, "PATH": f"{tools}:{kept.get('PATH', '')}"}
    return {**environ, "GEMINICRM_TEST_FULL": "1"} if full else environ


def call(command: Sequence[str], environ: dict[str, str]) -> int:
    """Run one command and give its exit code, as a shell does when there is no such command."""
    try:
        return subprocess.call(command, cwd=ROOT, env=environ)
    except FileNotFoundError:
        print(f"{command[0]} is not installed: make test installs it", flush=True)
        return NOT_FOUND


def failed_tests() -> tuple[str, ...]:
    """Name the tests that failed in the last run."""
    return tuple(json.loads(FAILED.read_bytes())) if FAILED.is_file() else ()


def run(gate: Gate, environ: dict[str, str]) -> Result:
    """Run one gate in the root of the project; its output goes to ours."""
    print(f"\n=== {gate.name}: {' '.join(gate.command)}", flush=True)
    started = time.monotonic()
    FAILED.unlink(missing_ok=True)
    prepared = [call(command, environ) for command in PREPARATION.get(gate.name, ())]
    code = call(gate.command, environ)
    alone = failed_tests() if gate.name == TESTS and code == TESTS_FAILED else ()
    if 0 < len(alone) <= MOST_ALONE:
        print(f"\n=== once more, alone: {' '.join(alone)}", flush=True)
        code = call((*PYTEST, *alone), environ)
    result = Result(
        name=gate.name,
        seconds=time.monotonic() - started,
        ok=not (any(prepared) or code),
        alone=() if code else alone,
    )
    print(f"--- {result.line()}", flush=True)
    return result


def summary(results: Iterable[Result]) -> str:
    """Give the closing table."""
    rows = list(results)
    failed = [result.name for result in rows if not result.ok]
    total = f"{'all':<16}{sum(result.seconds for result in rows):>9.1f} s"
    verdict = f"failed: {', '.join(failed)}" if failed else "every gate passed"
    unstable = [f"UNSTABLE, passed only alone: {name}" for row in rows for name in row.alone]
    return "\n".join([*(result.line() for result in rows), total, *unstable, verdict])


def main(arguments: Sequence[str]) -> int:
    """Run the gates asked for; 0 when all passed, 1 when one failed, 2 for wrong usage."""
    names = [gate.name for gate in gates()]
    parser = argparse.ArgumentParser(prog="tools.gates", description=__doc__)
    parser.add_argument("--full", action="store_true", help="run the long loops in full")
    parser.add_argument("--only", action="append", choices=names, help="run this gate alone")
    asked = parser.parse_args(arguments)
    environ = environment(full=asked.full)
    chosen = [gate for gate in gates() if gate.name in (asked.only or names)]
    results = [run(gate, environ) for gate in chosen]
    print(f"\n=== gates\n{summary(results)}", flush=True)
    return int(not all(result.ok for result in results))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
