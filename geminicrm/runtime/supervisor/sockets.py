"""The sockets of the supervisor and its hosts: files in folders that only our own user may enter.

The address of a unix socket has room for 107 bytes and a home may lie deeper, so that each is bound
and found through the descriptor of its folder.
"""

import os
import socket
from contextlib import suppress
from pathlib import Path
from typing import Final

RUN: Final = "run"
HOSTS: Final = "hosts"
NAME: Final = "supervisor.sock"
_BACKLOG: Final = 128


def run_folder(home: Path) -> Path:
    """Give the folder of the supervisor's socket and lock."""
    return home / RUN


def hosts_folder(home: Path) -> Path:
    """Give the folder of the hosts' sockets."""
    return home / RUN / HOSTS


def prepare(home: Path) -> None:
    """Make the folders, for our own user alone, and take away what a supervisor before us left."""
    for folder in (run_folder(home), hosts_folder(home)):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        for entry in folder.glob("*.sock"):
            entry.unlink(missing_ok=True)


def listen(folder: Path, name: str) -> socket.socket:
    """Make a listening socket; raises OSError."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        listener.bind(f"/proc/self/fd/{directory}/{name}")
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    finally:
        os.close(directory)
    return listener


def connect(folder: Path, name: str, timeout: float | None = None) -> socket.socket:
    """Connect to the socket `name` of a folder; raises OSError where nobody listens."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(timeout)
        directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            connection.connect(f"/proc/self/fd/{directory}/{name}")
        finally:
            os.close(directory)
    except OSError:
        connection.close()
        raise
    return connection


def remove(folder: Path, name: str) -> None:
    """Take a socket's file away; it may be gone."""
    with suppress(OSError):
        (folder / name).unlink()
