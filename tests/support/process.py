"""Trees of processes that a test starts, watches and stops without leaving one behind."""

import http.client
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from tests.support.waiting import Late, eventually

# Children may open sessions of their own, so a tree is known by a mark that every child inherits.
MARK = "GEMINICRM_TEST_TREE"
StartTree = Callable[..., "Tree"]


class LeftBehind(AssertionError):
    """Processes outlived the tree they belonged to; they have been killed."""


class Tree:
    """A started command and everything it starts."""

    def __init__(
        self, command: Sequence[str], log: Path, environ: Mapping[str, str], cwd: Path | None = None
    ) -> None:
        """Start `command` with exactly `environ` in a session of its own; output goes to `log`."""
        self.log = log
        self.command = list(command)
        self._mark = uuid.uuid4().hex
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**environ, MARK: self._mark},
                cwd=cwd,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The process started first."""
        return self.process.pid

    def output(self) -> str:
        """Everything printed so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def wait_for_line(self, part: str, seconds: float = 15.0) -> str:
        """Give the first line that contains `part`; `Late`, with the output, if it never comes."""
        found = partial(self._line_with, part)
        return self._wait(found, seconds)

    def wait_for_ok(self, url: str, seconds: float = 15.0) -> None:
        """Return when `url` (http, loopback) answers 200."""
        self._wait(partial(answers_ok, url), seconds)

    def members(self) -> list[int]:
        """Give the pids of the tree that are alive now, zombies not counted."""
        mark = f"{MARK}={self._mark}".encode()
        return sorted(pid for pid in _pids() if mark in _environ(pid))

    def stop(self, seconds: float = 15.0, signum: int = signal.SIGTERM) -> int:
        """Ask the first process to stop; give its code. `LeftBehind` if anything survives."""
        if self.process.poll() is None:
            self.process.send_signal(signum)
        try:
            self.process.wait(seconds)
            self.expect_empty()
        finally:
            self.kill()
        return self.process.returncode

    def expect_empty(self, seconds: float = 2.0) -> None:
        """Raise `LeftBehind` unless the whole tree is gone within `seconds`."""
        try:
            eventually(lambda: not self.members(), seconds)
        except Late:
            left = {pid: command_of(pid) for pid in self.members()}
            raise LeftBehind(f"{self.command} left {left}\n{self.output()}") from None

    def kill(self) -> None:
        """Kill every member, at once."""
        for pid in self.members():
            kill_quietly(pid)
        self.process.wait()

    def _line_with(self, part: str) -> str:
        return next((line for line in self.output().splitlines() if part in line), "")

    def _wait(self, check: Callable[[], str | bool], seconds: float) -> str:
        def alive_and_true() -> str | bool:
            return check() or self.process.poll() is not None

        try:
            eventually(alive_and_true, seconds)
            answer = check()
        except Late as late:
            raise Late(f"{late}\n{self.output()}") from late
        if not answer:
            raise Late(f"{self.command} ended with {self.process.returncode}\n{self.output()}")
        return str(answer)


def kill_quietly(pid: int, signum: int = signal.SIGKILL) -> None:
    """Send the signal; a process that is gone already is no error."""
    try:
        os.kill(pid, signum)
    except ProcessLookupError:
        return


def answers_ok(url: str) -> bool:
    """Tell whether `url` (http, loopback) answers 200 now; silence and nonsense are no."""
    host, _, path = url.removeprefix("http://").partition("/")
    with closing(http.client.HTTPConnection(host, timeout=5)) as connection:
        try:
            connection.request("GET", "/" + path)
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False


def clean_environ(**more: str) -> dict[str, str]:
    """Give an environment without the project's own variables, but with what coverage needs."""
    own = {name for name in os.environ if name.startswith("GEMINICRM_")} | {"REDIS_URL", "PORT"}
    kept = {name: value for name, value in os.environ.items() if name not in own}
    return {**kept, "PATH": f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}", **more}


def _pids() -> Iterator[int]:
    return (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())


def _environ(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:  # gone meanwhile, or another user's
        return []


def command_of(pid: int) -> str:
    """Give what a process was started with."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8").replace("\0", " ")
    except OSError:
        return "(gone)"


@pytest.fixture
def start_tree(tmp_path: Path) -> Iterator[StartTree]:
    """Give `start_tree(command, **environ)` -> Tree; whatever still runs is killed at the end."""
    trees: list[Tree] = []

    def start(command: Sequence[str], cwd: Path | None = None, **environ: str) -> Tree:
        log = tmp_path / f"tree-{len(trees)}.log"
        trees.append(Tree(command, log, clean_environ(**environ), cwd))
        return trees[-1]

    yield start
    for tree in trees:
        tree.kill()
