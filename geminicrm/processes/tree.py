"""The tree: starts the processes, keeps them up, stops them in order, leaves nothing behind."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import structlog

from geminicrm.processes import lifeline

_DRAIN_SECONDS = 10.0
_YOUNG_SECONDS = 15.0
_QUICK_DEATHS = 3
_LOOK_SECONDS = 0.1
_log = structlog.get_logger(__name__)


@dataclass
class _Child:
    name: str
    process: subprocess.Popen[bytes]
    born: float
    quick_deaths: int = 0


class Tree:
    """The processes of `geminicrm serve`, in the order they stop.

    Each is named by what the interpreter is told to become it.
    """

    def __init__(self, children: Mapping[str, Sequence[str]], environ: Mapping[str, str]) -> None:
        self._words = dict(children)
        self._environ = dict(environ)
        self._children: list[_Child] = []
        self._stop = threading.Event()
        self._failed = False
        self.restarts = 0
        self._read, self._write = os.pipe()

    def stop(self) -> None:
        """Ask the tree to end."""
        self._stop.set()

    def give_up(self) -> None:
        """Ask the tree to end as one that failed."""
        self._failed = True
        self._stop.set()

    def ending(self) -> bool:
        """Tell whether it ends, or has ended."""
        return self._stop.is_set()

    def wait(self, seconds: float) -> None:
        """Wait for some seconds, or until it ends."""
        self._stop.wait(seconds)

    def run(self, ready: Callable[[], None]) -> int:
        """Keep the children up until stopped; give the exit code. `ready` runs beside them."""
        for name in self._words:
            self._children.append(self._start(name))
        threading.Thread(target=ready, name="ready", daemon=True).start()
        try:
            while not self._stop.wait(_LOOK_SECONDS):
                if not all(self._keep_up(child) for child in self._children):
                    return 1
            return int(self._failed)
        finally:
            self._stop.set()
            self._stop_children()
            os.close(self._write)
            os.close(self._read)

    def _start(self, name: str) -> _Child:
        process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, *self._words[name]],
            env={**self._environ, lifeline.VARIABLE: str(self._read)},
            pass_fds=(self._read,),
            start_new_session=True,  # a Ctrl-C reaches the tree alone, which stops them in order
        )
        return _Child(name, process, time.monotonic())

    def _keep_up(self, child: _Child) -> bool:
        code = child.process.poll()
        if code is None:
            return True
        young = time.monotonic() - child.born < _YOUNG_SECONDS
        deaths = child.quick_deaths + 1 if young else 0
        if deaths >= _QUICK_DEATHS:
            _log.error("a process does not stay up; giving up", process=child.name, code=code)
            return False
        self.restarts += 1
        _log.warning("a process ended; starting it again", process=child.name, code=code)
        again = self._start(child.name)
        child.process, child.born, child.quick_deaths = again.process, again.born, deaths
        return True

    def _stop_children(self) -> None:
        for child in self._children:
            if child.process.poll() is None:
                child.process.terminate()
                try:
                    child.process.wait(_DRAIN_SECONDS)
                except subprocess.TimeoutExpired:
                    _log.warning("a process did not stop in time", process=child.name)
            # Its own session may hold grandchildren; whoever is left there goes now.
            _kill_session(child.process.pid)
            child.process.wait()


def _kill_session(leader: int) -> None:
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        return


def run(children: Mapping[str, Sequence[str]], ready: Callable[[], None]) -> int:
    """Run the tree in this process until SIGTERM or Ctrl-C."""
    tree = Tree(children, os.environ)
    stopping_on_signals(tree)
    return tree.run(ready)


def stopping_on_signals(tree: Tree) -> None:
    """Let SIGTERM and Ctrl-C end the tree."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: tree.stop())
