"""A host without locks, in a thread of the test; the test is the core at the other end."""

import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import Any, TypeAlias

import pytest

from extensions.sdk.errors import SdkError
from geminicrm.runtime.host.child import Confining, Host
from geminicrm.runtime.host.control import HostSpec, NotReady, Ready, Report
from geminicrm.runtime.host.messages import (
    Answer,
    Back,
    Failed,
    Hello,
    HttpBack,
    HttpReply,
    Invoke,
    Raised,
    Refusal,
    Reply,
    Request,
    ToCore,
    Value,
)
from geminicrm.runtime.host.package_import import PackageImport
from geminicrm.runtime.host.place import Place
from geminicrm.runtime.host.raised import error_of, facts_of
from geminicrm.runtime.host.streams import receive_rest, send_long
from geminicrm.runtime.host.values import decode, encode
from geminicrm.runtime.host.wire import Wire

MOST = 20 * 1024 * 1024
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

Ending: TypeAlias = Answer | Value | Raised | Failed
Door = Callable[[str, str, dict[str, Any]], object]
HttpAnswer = tuple[int, dict[str, str], bytes]


def soon(seconds: float = 10.0) -> float:
    """Give a deadline that no sound test comes near."""
    return time.monotonic() + seconds


def extension(methods: str) -> str:
    """Give the source of an extension with these methods."""
    body = dedent(methods).strip("\n").splitlines()
    return HEAD + "\n" + "\n".join(f"    {line}".rstrip() for line in body) + "\n"


def request_for(path: str, **changes: Any) -> Request:
    """Give a request, all but the path as good as any."""
    facts = {
        "id": 1,
        "seconds": 10.0,
        "method": "GET",
        "path": f"/api/extensions/sample{path}",
        "query": "",
        "scheme": "http",
        "server": "crm",
        "port": "80",
        "protocol": "HTTP/1.1",
        "headers": (("host", "crm"),),
    }
    return Request(**{**facts, **changes})


def no_door(door: str, method: str, _arguments: dict[str, Any]) -> object:
    """Refuse every call back."""
    raise SdkError(f"{door}.{method} was not expected")


@dataclass
class Core:
    """The core's end of one connection; `door` answers the calls back, which it keeps."""

    wire: Wire[ToCore]
    door: Door = no_door
    http: Callable[[HttpBack, bytes], HttpAnswer] | None = None
    backs: list[tuple[str, str, Any]] = field(default_factory=list)

    def ask(self, message: Request | Invoke, body: bytes = b"") -> tuple[Ending, bytes]:
        """Hold one conversation; give its ending with the whole body."""
        if isinstance(message, Request):
            send_long(self.wire, message, body, deadline=soon())
        else:
            self.wire.send(message, body, deadline=soon())
        return self.ending()

    def invoke(self, what: str, name: str = "", *given: Any) -> Any:
        """Call a method that is expected to return; give what it gives."""
        ending, body = self.ask(Invoke(1, 10.0, what, name), encode(given))
        assert isinstance(ending, Value), ending
        return decode(body)

    def get(self, path: str, **changes: Any) -> tuple[Ending, bytes]:
        """Ask a route."""
        return self.ask(request_for(path, **changes))

    def raised(self, path: str) -> SdkError:
        """Ask a route that is expected to let an error of the SDK through."""
        ending, _ = self.get(path)
        assert isinstance(ending, Raised), ending
        return error_of(ending.error)

    def ending(self) -> tuple[Ending, bytes]:
        """Serve the calls back until the end."""
        while True:
            message, body = self.wire.receive(deadline=soon())
            if isinstance(message, Back | HttpBack):
                self.serve(message, body)
            elif isinstance(message, Answer):
                return message, self._whole(message, body)
            else:
                assert isinstance(message, Value | Raised | Failed), message
                return message, body

    def serve(self, message: Any, body: bytes) -> None:
        """Answer one call back; end the reading of a body with what ends it."""
        if isinstance(message, Back):
            self._serve(message, body)
        elif isinstance(message, HttpBack):
            whole = receive_rest(self.wire, message, body, most=MOST, deadline=soon())
            assert self.http is not None
            status, headers, given = self.http(message, whole)
            reply = HttpReply(message.id, message.seq, status, tuple(headers.items()))
            send_long(self.wire, reply, given, deadline=soon())
        else:
            raise Interrupted(message)

    def _serve(self, back: Back, body: bytes) -> None:
        arguments = decode(body)
        self.backs.append((back.door, back.method, arguments))
        try:
            given = encode(self.door(back.door, back.method, arguments))
        except SdkError as error:
            refusal = Refusal(back.id, back.seq, facts_of(error))
            self.wire.send(refusal, deadline=soon())
            return
        self.wire.send(Reply(back.id, back.seq), given, deadline=soon())

    def _whole(self, message: Answer, body: bytes) -> bytes:
        return receive_rest(
            self.wire, message, body, most=MOST, deadline=soon(), meanwhile=self.serve
        )


class Interrupted(Exception):
    """A body has no end; `args` holds the message that came instead."""


@dataclass
class HostInProcess:
    """What a test has of a host; `code` is its exit code once it is over."""

    host: Host
    report: Wire[Report]
    listener: socket.socket
    status: socket.socket
    address: str
    code: int | None = None
    thread: threading.Thread | None = None
    cores: list[Core] = field(default_factory=list)

    def start(self) -> Ready | NotReady:
        """Start it and give what it reports."""
        self.thread = threading.Thread(target=self._run)
        self.thread.start()
        report, _ = self.report.receive(deadline=soon())
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
