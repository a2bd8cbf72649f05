"""Names of processes, and whether the one that has a name still lives."""

import os
import socket
from pathlib import Path
from typing import Final

MOST: Final = 200
_MACHINE_ID: Final = 12
_PROC: Final = Path("/proc")


def own_name() -> str:
    """Name this process so that nobody else on any machine ever has the same name.

    `<host>|<boot>|<process namespace>|<process>|<when it started, in ticks>`
    """
    pid = os.getpid()
    return f"{_host()}|{_boot()}|{_namespace()}|{pid}|{_started(pid)}"[-MOST:]


def is_dead(name: str) -> bool:
    """Tell whether the process is certainly gone; False where that can't be seen from here.

    Processes of another machine, or of a container with processes of its own, can't be seen: they
    are told by their lease alone.
    """
    parts = name.split("|")
    if len(parts) != len(own_name().split("|")) or parts[0] != _host():
        return False
    if parts[1] != _boot():
        return True
    if parts[2] != _namespace():
        return False
    return _started(int(parts[3])) != parts[4]


def host_and_pid(name: str) -> tuple[str, int]:
    """Give the name of the host that a process runs on, and its number there.

    For a name that is none of ours: the name itself, and 0.
    """
    parts = name.split("|")
    if len(parts) != len(own_name().split("|")):
        return name, 0
    return parts[0].partition("~")[0], int(parts[3])


def _host() -> str:
    # The name alone is not enough: many machines are called localhost.
    return f"{socket.gethostname()}~{_read(Path('/etc/machine-id'))[:_MACHINE_ID]}"


def _boot() -> str:
    return _read(_PROC / "sys/kernel/random/boot_id")


def _namespace() -> str:
    return (_PROC / "self/ns/pid").readlink().name.strip("pid:[]")


def _started(pid: int) -> str:
    """Give when a process started, nothing where there is none or only its shell is left."""
    fields = _read(_PROC / str(pid) / "stat").rpartition(")")[2].split()
    # The third field of the file is the state, the 22nd the start. A zombie does nothing any more.
    return "" if not fields or fields[0] in {"Z", "X"} else fields[19]


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
