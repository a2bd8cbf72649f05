"""A look at each host from outside: what it takes of the machine, against what it may."""

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from geminicrm.runtime.supervisor.hosts import Host

EVERY: Final = 0.25
"""Seconds between two looks."""
_THREADS: Final = 17
_RSS: Final = 21
_MIB: Final = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Most:
    """What a host may take; the kernel's own limits come earlier where it has them.

    Threads are counted by user there, so that a host without a user of its own has no such limit.
    """

    threads: int = 64
    memory: int = 512 * _MIB
    descriptors: int = 256


@dataclass(frozen=True, slots=True)
class Taken:
    """What a host takes: threads, bytes of resident memory, open descriptors."""

    threads: int
    memory: int
    descriptors: int

    def above(self, most: Most) -> str:
        """Say what is more than it may be; nothing where all is well."""
        if self.threads > most.threads:
            return f"{self.threads} threads, where {most.threads} are allowed"
        if self.memory > most.memory:
            return f"{self.memory // _MIB} MiB of memory, where {most.memory // _MIB} are allowed"
        if self.descriptors > most.descriptors:
            return f"{self.descriptors} open files, where {most.descriptors} are allowed"
        return ""


def look_after(
    hosts: list[Host], kill: Callable[[Host, str], None], most: Most, proc: str = "/proc"
) -> None:
    """Have each host killed that takes more than it may."""
    for host in hosts:
        taken = taken_by(host.pid, proc) if host.pid and not host.expected else None
        above = taken.above(most) if taken else ""
        if above:
            kill(host, f"it was killed: {above}")


def taken_by(pid: int, proc: str = "/proc") -> Taken | None:
    """Give what a process takes; None for one that is gone."""
    try:
        with open(f"{proc}/{pid}/stat", "rb") as file:  # noqa: PTH123 - read four times a second for each host
            # The name of the program may hold spaces; what follows its bracket does not.
            fields = file.read().rpartition(b") ")[2].split()
        # Kernels before 6.2 say 0 here: there the limit of the process itself has to do.
        descriptors = os.stat(f"{proc}/{pid}/fd").st_size  # noqa: PTH116 - as above
    except (OSError, ValueError):
        return None
    return Taken(int(fields[_THREADS]), int(fields[_RSS]) * _page(), descriptors)


def private_memory(pid: int, proc: str = "/proc") -> int:
    """Give the bytes that a process shares with no other; 0 for one that is gone.

    Where the kernel does not let us look, a coarser figure that is never too small.
    """
    with suppress(OSError):
        lines = Path(f"{proc}/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
        return sum(_kib(line) for line in lines if line.startswith("Private_")) * 1024
    with suppress(OSError):
        resident, shared = Path(f"{proc}/{pid}/statm").read_text(encoding="ascii").split()[1:3]
        return (int(resident) - int(shared)) * _page()
    return 0


def _kib(line: str) -> int:
    return int(line.split()[1])


def _page() -> int:
    return os.sysconf("SC_PAGE_SIZE")
