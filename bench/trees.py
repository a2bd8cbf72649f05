"""Servers under test: trees of processes with a mark, their memory, their end."""

import os
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

MARK = "GEMINICRM_BENCH_TREE"
ROOT = Path(__file__).resolve().parent.parent
_STEP_SECONDS = 0.005
_STOP_SECONDS = 15.0
_KIB_PER_MIB = 1024
_UTIME, _STIME = 12, 13  # proc(5): fields 14 and 15, two of which stand before the bracket's end
# Variables that would change what is measured.
_OWN = ("GEMINICRM_", "REDIS_URL", "PORT", "PYTHON", "DJANGO_")


class TreeError(RuntimeError):
    """A server did not start, did not answer, or left processes behind."""


class Tree:
    """A started command and everything it starts, in a session of its own.

    It is known by a variable that every child inherits, since children may leave the session.
    """

    def __init__(self, command: Sequence[str], environ: Mapping[str, str], log: Path) -> None:
        """Start the command in the project's root; its output goes to `log`."""
        self._log = log
        self._mark = uuid.uuid4().hex
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**clean_environ(), **environ, MARK: self._mark},
                cwd=ROOT,
                start_new_session=True,
            )

    def wait_for(self, ready: Callable[[], bool], seconds: float = 60.0) -> float:
        """Wait until `ready`; give the seconds it took. TreeError with the end of the log."""
        started = time.perf_counter()
        while not ready():
            took = time.perf_counter() - started
            if self.process.poll() is not None or took > seconds:
                raise TreeError(f"not ready after {took:.1f} s:\n{self.tail()}")
            time.sleep(_STEP_SECONDS)  # the pause of a poll with a deadline
        return time.perf_counter() - started

    def members(self) -> list[int]:
        """Give the ids of the living processes of the tree."""
        mark = f"{MARK}={self._mark}".encode()
        parents = {pid: parent_of(_read(pid, "stat")) for pid in _pids()}
        found = {pid for pid in parents if mark in _read(pid, "environ").split(b"\0")}
        return sorted(with_children(found, parents))

    def memory(self) -> float:
        """Give the proportional set size of the whole tree, in MiB."""
        return sum(pss_kib(_read(pid, "smaps_rollup")) for pid in self.members()) / _KIB_PER_MIB

    def cpu(self) -> float:
        """Give the processor seconds that the living processes of the tree have used."""
        return sum(cpu_seconds(_read(pid, "stat")) for pid in self.members())

    def stop(self) -> None:
        """Ask the tree to end and wait for it; TreeError where a process had to be killed."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + _STOP_SECONDS
        while self.process.poll() is None or self.members():
            if time.monotonic() > deadline:
                raise TreeError(f"left behind and killed: {self._kill()}\n{self.tail()}")
            time.sleep(_STEP_SECONDS)  # the pause of a poll with a deadline

    def tail(self) -> str:
        """Give the end of what the tree has printed."""
        return self._log.read_text(encoding="utf-8", errors="replace")[-2000:]

    def _kill(self) -> list[int]:
        left = self.members()
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.process.wait()
        while self.members():  # orphans are reaped by another process, in its own time
            time.sleep(_STEP_SECONDS)  # the pause of a poll with a deadline
        return left


def clean_environ() -> dict[str, str]:
    """Give our environment without what would configure the servers under test."""
    return {name: value for name, value in os.environ.items() if not name.startswith(_OWN)}


def free_port() -> int:
    """Give a port of the loopback interface that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def pss_kib(rollup: bytes) -> int:
    """Read the proportional set size out of `/proc/<pid>/smaps_rollup`; 0 where there is none."""
    for line in rollup.splitlines():
        if line.startswith(b"Pss:"):
            return int(line.split()[1])
    return 0


def cpu_seconds(stat: bytes) -> float:
    """Read user and system time out of `/proc/<pid>/stat`, in seconds; 0 where there is none."""
    fields = stat.rpartition(b")")[2].split()  # the name before it may hold spaces
    if len(fields) < _STIME:
        return 0.0
    return (int(fields[_UTIME - 1]) + int(fields[_STIME - 1])) / os.sysconf("SC_CLK_TCK")


def parent_of(stat: bytes) -> int:
    """Read the parent out of `/proc/<pid>/stat`; 0 where there is none."""
    fields = stat.rpartition(b")")[2].split()
    return int(fields[1]) if len(fields) > 1 else 0


def with_children(found: set[int], parents: Mapping[int, int]) -> set[int]:
    """Add those that descend from them: extension hosts start with an empty environment."""
    more = {pid for pid, parent in parents.items() if parent in found} - found
    return with_children(found | more, parents) if more else found


def _pids() -> Iterator[int]:
    return (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:  # gone meanwhile, or another user's
        return b""
