"""One connection to every web worker of a server: what all of them answer is true everywhere."""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from bench.services import Service

WORKERS = 2
"""So many web workers the servers of these measurements have."""
_MOST = 200
_PATIENCE = 10.0


class NotEverywhere(RuntimeError):
    """A worker could not be reached, or did not answer as it should."""


class Everywhere:
    """Asks every worker the same, one after another."""

    def __init__(self, lines: list[HTTPConnection], token: str) -> None:
        self._lines = lines
        self._headers = {"Authorization": f"Bearer {token}"}

    def get(self, path: str) -> list[tuple[int, Any]]:
        """Give status and JSON of each worker."""
        return [self._one(line, path) for line in self._lines]

    def until(self, path: str, wanted: Any) -> None:
        """Ask until every worker gives `wanted` with 200. NotEverywhere when it takes too long."""
        deadline = time.monotonic() + _PATIENCE
        while any(found != (200, wanted) for found in self.get(path)):
            if time.monotonic() > deadline:
                raise NotEverywhere(f"{path}: {self.get(path)}")

    def _one(self, line: HTTPConnection, path: str) -> tuple[int, Any]:
        line.request("GET", path, headers=self._headers)
        answer = line.getresponse()
        return answer.status, json.loads(answer.read())


@contextmanager
def everywhere(service: Service) -> Iterator[Everywhere]:
    """Connect until every worker has a connection."""
    with ExitStack() as stack:
        found: dict[int, HTTPConnection] = {}
        for _ in range(_MOST):
            line = stack.enter_context(closing(HTTPConnection("127.0.0.1", service.port)))
            line.connect()
            line.request("GET", "/healthz")
            line.getresponse().read()
            found.setdefault(_owner(service, line.sock.getsockname()[1]), line)
            if len(found) == WORKERS:
                break
        else:
            raise NotEverywhere(f"only {len(found)} of {WORKERS} workers took a connection")
        yield Everywhere(list(found.values()), service.token)


def _owner(service: Service, port: int) -> int:
    """Give the process that has the other end of our connection."""
    inode = _inode(service.port, port)
    for pid in service.tree.members():
        with suppress(OSError):
            for entry in Path(f"/proc/{pid}/fd").iterdir():
                if _target(entry) == f"socket:[{inode}]":
                    return pid
    raise NotEverywhere(f"nobody has the connection from port {port}")


def _target(entry: Path) -> str:
    try:
        return str(entry.readlink())
    except OSError:  # closed meanwhile
        return ""


def _inode(own: int, other: int) -> str:
    """Give the inode of the socket between two ports of the loopback, as proc(5) has it."""
    for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]:
        fields = line.split()
        local, remote = (int(fields[at].rpartition(":")[2], 16) for at in (1, 2))
        if (local, remote) == (own, other):
            return fields[9]
    raise NotEverywhere(f"no connection from port {other}")
