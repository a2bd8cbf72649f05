"""The root of `geminicrm serve`: holds the tree, and says where it answers.

It takes the place of the command that prepared the home, so that what only preparing needs leaves
the memory with it: this process lives as long as the tree, and does next to nothing. Where the tree
does not come up or stay up it is started again, and after a few times in safe mode.
"""

import os
import sys
import threading
import time
import urllib.request
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from urllib.error import HTTPError, URLError

import click
import orjson
import structlog

from geminicrm.config import Settings
from geminicrm.kernel import logs
from geminicrm.kernel.ports import port_taken
from geminicrm.processes import supervisor
from geminicrm.processes.starts import MOST_FAILED, Starts
from geminicrm.processes.tree import Tree, stopping_on_signals
from geminicrm.runtime.safe_mode import ENTERED_BY_START, SafeMode

_STAY_SECONDS = 20.0
_READY_SECONDS = 60.0
_STEP_SECONDS = 0.1
_LAST_PATIENCE = 4
_DEMO = "--demo"
_log = structlog.get_logger(__name__)


def become(*, with_demo: bool) -> None:
    """Go on as the root of the tree, in this very process; does not return."""
    words = [sys.executable, "-m", "geminicrm.processes.serve"]
    os.execv(sys.executable, [*words, *([_DEMO] if with_demo else [])])  # noqa: S606 - our own command


def main(words: Sequence[str]) -> int:
    """Hold the tree until told to stop; give its exit code."""
    settings = Settings.from_env(os.environ)
    logs.configure(settings.log_level, json=settings.production)
    demo = settings.home / "demo.json" if _DEMO in words else None
    return Serving(settings, demo).run()


class Serving:
    """The starts of one `serve`, until one is stopped or nothing helps."""

    def __init__(self, settings: Settings, demo: Path | None) -> None:
        self._settings = settings
        self._demo = demo
        self._safe = SafeMode(settings.home, settings.safe_mode)
        self._starts = Starts(settings.home)
        self._start_seconds = settings.start_seconds

    def run(self) -> int:
        """Start until somebody stops it (0), or until it fails in safe mode too (1)."""
        failed = self._starts.begin()
        while True:
            taken = port_taken(self._settings.host, self._settings.port)
            if taken:
                # No extension has done that, so it says nothing about them.
                self._starts.stopped()
                click.echo(f"{taken}. End what uses it, or set PORT.", err=True)
                return 1
            self._enter_if_due(failed)
            if self._once() == 0:
                self._starts.stopped()
                return 0
            if self._safe.on() or self._settings.safe_mode is False:
                return self._give_up()
            failed = self._starts.failed()
            self._starts.begin()

    def _once(self) -> int:
        tree = Tree(_children(self._settings, safe=self._safe.on()), os.environ)
        stopping_on_signals(tree)
        return tree.run(lambda: self._watch(tree))

    def _enter_if_due(self, failed: int) -> None:
        if failed < MOST_FAILED or self._safe.on() or self._settings.safe_mode is False:
            return
        reason = f"{failed} starts within ten minutes did not come up and stay up."
        self._safe.enter(ENTERED_BY_START, reason, datetime.now(UTC))
        _log.error("safe mode: extensions do not run from now on", reason=reason)

    def _give_up(self) -> int:
        """Leave the home as it was: what safe mode does not mend is no extension's fault."""
        if self._safe.forced is None and self._safe.state().by == ENTERED_BY_START:
            self._safe.leave()
        self._starts.stopped()
        return 1

    def _watch(self, tree: Tree) -> None:
        """Say that it is up; end it where it does not come up at all."""
        address = f"http://{self._settings.host}:{self._settings.port}"
        if not self._came_up(tree, address):
            if not tree.ending():
                seconds = self._start_seconds
                _log.error("no process came up in time; starting again", seconds=seconds)
                tree.give_up()
            return
        _greet(address, self._demo, safe=self._safe.on())
        self._see_it_stay(tree, address)

    def _came_up(self, tree: Tree, address: str) -> bool:
        """Wait for the first process that answers, then a while for what it leans on."""
        # Safe mode is the last start there is, and no extension can be what holds it up.
        patience = _LAST_PATIENCE if self._safe.on() else 1
        deadline = time.monotonic() + self._start_seconds * patience
        while time.monotonic() < deadline and not tree.ending():
            if _answers(f"{address}/healthz"):
                _see_it_ready(tree, address, deadline)
                return True
            tree.wait(_STEP_SECONDS)
        return False

    def _see_it_stay(self, tree: Tree, address: str) -> None:
        while not tree.ending():
            before = tree.restarts
            tree.wait(_STAY_SECONDS)
            if tree.restarts == before and not tree.ending() and _answers(f"{address}/healthz"):
                self._starts.succeeded()
                return


def _see_it_ready(tree: Tree, address: str, deadline: float) -> None:
    while not _answers(f"{address}/readyz") and not tree.ending():
        if time.monotonic() >= deadline:
            click.echo(f"{address} answers and is not ready; see {address}/readyz.", err=True)
            return
        tree.wait(_STEP_SECONDS)


def _children(settings: Settings, *, safe: bool) -> dict[str, Sequence[str]]:
    children: dict[str, Sequence[str]] = {
        "web": ("-m", "geminicrm", "web"),
        "worker": ("-m", "geminicrm", "worker"),
    }
    # No other system has what hosts are made with. In safe mode there are none; one that is left
    # while the tree runs finds a supervisor as a command does.
    if sys.platform == "linux" and not safe:
        children["supervisor"] = supervisor.words(settings)
    return children


def wait_until_ready(address: str) -> bool:
    """Wait for an address of ours to be ready; tell so, or say on standard error that it is not."""
    waiting = threading.Event()
    for _attempt in range(int(_READY_SECONDS / _STEP_SECONDS)):
        if _answers(f"{address}/readyz"):
            return True
        waiting.wait(_STEP_SECONDS)
    click.echo(f"{address} did not answer within {_READY_SECONDS:g} s; see the log.", err=True)
    return False


def _greet(address: str, demo: Path | None, *, safe: bool) -> None:
    click.echo(f"\nGeminiCRM Pro runs at {address}  (Ctrl-C stops it)")
    if safe:
        click.echo("  SAFE MODE: no extension runs. See `geminicrm safe-mode status`.")
    if demo is not None:
        made = orjson.loads(demo.read_bytes())
        click.echo(f"  sign in with {made['email']} and the password {made['password']}\n")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:  # noqa: S310 - our own loopback address
            return bool(response.status == 200)  # noqa: PLR2004 - what 200 means is known
    except (HTTPError, URLError, OSError, ValueError):
        return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
