"""A host without locks, in a thread of the test; the test is the core at the other end."""

import socket
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import Any, TypeAlias

import pytest

from geminicrm.runtime.host.child import Confining, Host
from geminicrm.runtime.host.control import HostSpec, Locked, NotReady, Ready, Report
from geminicrm.runtime.host.messages import Hello, ToCore
from geminicrm.runtime.host.package_import import PackageImport
from geminicrm.runtime.host.place import Place
from geminicrm.runtime.host.wire import Wire
from tests.support.core_end import Core, soon

DIGEST = "sha256:0123abcd"
HEAD = """
from flask import Blueprint, Response, request
from extensions.extension_base import ExtensionBase, hookimpl
from extensions.sdk import errors
from extensions.sdk.actions import ActionResult
from extensions.sdk.blocks import Badge, Text


class Sample(ExtensionBase):
    def install(self):
        return {"success": True, "message": self.app.workspace.name}

    def uninstall(self):
        return None

    def get_routes(self):
        routes = Blueprint("sample", __name__)
        self.add(routes)
        return routes

    def add(self, routes):
        pass
"""


def extension(methods: str) -> str:
    """Give the source of an extension with these methods."""
    body = dedent(methods).strip("\n").splitlines()
    return HEAD + "\n" + "\n".join(f"    {line}".rstrip() for line in body) + "\n"


@dataclass
class HostInProcess:
    """What a test has of a host; `code` is its exit code once it is over."""

    host: Host
    report: Wire[Report]
    listener: socket.socket
    status: socket.socket
    address: str
    code: int | None = None
    locked: Locked | None = None
    thread: threading.Thread | None = None
    cores: list[Core] = field(default_factory=list)

    def start(self) -> Ready | NotReady:
        """Start it and give what it reports in the end; `locked` is what came before."""
        self.thread = threading.Thread(target=self._run)
        self.thread.start()
        report, _ = self.report.receive(deadline=soon())
        if isinstance(report, Locked):
            self.locked = report
            report, _ = self.report.receive(deadline=soon())
        assert not isinstance(report, Locked)
        return report

    def connect(self, **changes: Any) -> Core:
        """Give a new connection, greeted."""
        core = Core(self.bare(), **changes)
        hello, _ = core.wire.receive(deadline=soon())
        assert hello == Hello(7)
        return core

    def bare(self) -> Wire[ToCore]:
        """Give a new connection as it is."""
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            sock.connect(self.address)
        except OSError:
            sock.close()
            raise
        wire: Wire[ToCore] = Wire(sock, ToCore)
        self.cores.append(Core(wire))
        return wire

    def over(self) -> int | None:
        """Wait for its end and give its exit code."""
        assert self.thread is not None
        self.thread.join(10)
        return self.code

    def close(self) -> None:
        """Leave nothing behind."""
        for core in self.cores:
            core.wire.close()
        self.host.drain()
        if self.thread is not None:
            self.thread.join(10)
        for each in (self.report, self.listener, self.status):
            each.close()

    def _run(self) -> None:
        self.code = self.host.run(self.listener)


MakeHost: TypeAlias = Callable[..., HostInProcess]


def lock_nothing(_locks: object) -> dict[str, str]:
    """Stand in for the locks."""
    return {"landlock": "on (pretended)"}


def prove_nothing(_canary: str, _without: frozenset[str]) -> tuple[str, ...]:
    """Stand in for the proofs."""
    return ("fork",)


@pytest.fixture
def make_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeHost]:
    """Give `make_host(source, idle_seconds=..., **spec)`: a host that is not started yet."""
    monkeypatch.chdir(tmp_path)  # a host goes into its folder; this goes back
    monkeypatch.setattr(sys, "path", [*sys.path])
    made: list[HostInProcess] = []

    def make(
        source: str,
        *,
        idle_seconds: float = 0.2,
        confining: Confining | None = None,
        **changes: Any,
    ) -> HostInProcess:
        folder = tmp_path / "package"
        folder.mkdir()
        (folder / "extension.py").write_text(source, encoding="utf-8")
        facts = {
            "installation_id": "ins_1",
            "extension_id": "sample",
            "digest": DIGEST,
            "folder": str(folder),
            "entry_point": "extension.py",
        }
        address = str(tmp_path / "host.sock")
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(address)
        listener.listen(64)
        ours, theirs = socket.socketpair()
        place = Place(
            generation=7,
            reads=(),
            canary="",
            uid=None,
            uid_off="",
            idle_seconds=idle_seconds,
            parent=1,
        )
        pretended = Confining(lock_up=lock_nothing, prove=prove_nothing)
        host = Host(HostSpec(**{**facts, **changes}), place, theirs, confining or pretended)
        one = HostInProcess(host, Wire(ours, Report), listener, theirs, address)
        made.append(one)
        return one

    yield make
    for one in made:
        one.close()
    PackageImport.remove("extension_0123abcd")


@pytest.fixture
def start_host(make_host: MakeHost) -> Callable[..., Core]:
    """Give `start_host(methods, door=...)`: the core's end of a host that runs these methods."""

    def start(methods: str, **changes: Any) -> Core:
        host = make_host(extension(methods))
        report = host.start()
        assert isinstance(report, Ready), report
        return host.connect(**changes)

    return start
