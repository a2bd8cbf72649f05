"""Hosts that a test plays itself: they speak the wire from threads, behind a paper supervisor."""

import contextlib
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import pytest

from extensions.sdk.errors import SdkError
from geminicrm.app import Core
from geminicrm.runtime.call_context import CallContext
from geminicrm.runtime.dispatch import inner_environ
from geminicrm.runtime.host import values
from geminicrm.runtime.host.control import Done, Ensure, Given, NotRunning, Question, Running
from geminicrm.runtime.host.messages import (
    Answer,
    Back,
    Hello,
    HttpBack,
    HttpReply,
    Refusal,
    Reply,
    Request,
    ToHost,
    Value,
)
from geminicrm.runtime.host.parts import Answer as PartsAnswer
from geminicrm.runtime.host.raised import error_of
from geminicrm.runtime.host.sandbox.machine import confines, machine_level
from geminicrm.runtime.host.streams import receive_rest, send_long
from geminicrm.runtime.host.wire import Wire, WireClosed
from geminicrm.runtime.live import LoadedVersion
from tests.support.core import Tenant
from tests.support.sample_extensions import HEAD, QUIET, Stage, make_stage

LOCKED = {
    "landlock": "on (ABI 7)",
    "seccomp": "on",
    "rlimits": "on",
    "capabilities": "on",
    "parent": "on",
    "uid": "off: not started as root",
}
ENVIRON = {
    "REQUEST_METHOD": "GET",
    "PATH_INFO": "/api/extensions/sample/x",
    "QUERY_STRING": "a=1",
    "CONTENT_TYPE": "text/plain",
    "SERVER_NAME": "crm.example",
    "SERVER_PORT": "443",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "HTTP_X_PET": "cat",
    "wsgi.url_scheme": "https",
}
_PATIENCE = 10.0
T = TypeVar("T")


class HostSide:
    """The host's end of one connection."""

    def __init__(self, sock: socket.socket, generation: int) -> None:
        self.socket = sock
        self.wire: Wire[ToHost] = Wire(sock, ToHost)
        self.generation = generation
        self._seq = 0

    @property
    def until(self) -> float:
        """Give a deadline."""
        return time.monotonic() + _PATIENCE

    def send(self, message: Any, body: bytes = b"") -> None:
        """Send something."""
        self.wire.send(message, body, deadline=self.until)

    def begin(self) -> tuple[Any, bytes]:
        """Wait for a conversation; give its opening and body."""
        opening, body = self.wire.receive(deadline=self.until)
        if isinstance(opening, Request):
            body = receive_rest(self.wire, opening, body, most=2**30, deadline=self.until)
        self.number = opening.id
        return opening, body

    def arguments(self) -> list[Any]:
        """Wait for an Invoke; give its arguments."""
        found: list[Any] = values.decode(self.begin()[1])
        return found

    def back(self, door: str, method: str, **arguments: Any) -> Any:
        """Call back; give what the core gives. Raises the SDK's errors."""
        self._seq += 1
        self.send(Back(self.number, self._seq, door, method), values.encode(arguments))
        reply, body = self.wire.receive(deadline=self.until)
        if isinstance(reply, Refusal):
            raise error_of(reply.error)
        assert isinstance(reply, Reply)
        assert (reply.id, reply.seq) == (self.number, self._seq)
        return values.decode(body)

    def fetch(
        self, method: str, url: str, body: bytes = b"", wishes: Sequence[Any] = (), **headers: str
    ) -> tuple[Any, bytes]:
        """Call out; give the reply and its body. Raises the SDK's errors."""
        self._seq += 1
        given = tuple(headers.items())
        message = HttpBack(self.number, self._seq, method, url, 5.0, given, *wishes)
        send_long(self.wire, message, body, deadline=self.until)
        reply, first = self.wire.receive(deadline=self.until)
        if isinstance(reply, Refusal):
            raise error_of(reply.error)
        assert isinstance(reply, HttpReply)
        return reply, receive_rest(self.wire, reply, first, most=2**30, deadline=self.until)

    def value(self, value: Any) -> None:
        """End an Invoke."""
        self.send(Value(self.number), values.encode(value))

    def answer(self, body: bytes = b"", status: str = "200 OK", **headers: str) -> None:
        """End a Request."""
        message = Answer(self.number, status, tuple(headers.items()))
        send_long(self.wire, message, body, deadline=self.until)


Script = Callable[[HostSide], object]


class FakeSupervisor:
    """Says that every host runs; each connection to one is played by the `script` of its time."""

    def __init__(self) -> None:
        self.script: Script = HostSide.begin
        self.hello: Callable[[int], Hello] = Hello
        self.answers: deque[Given] = deque()
        self.questions: list[Question] = []
        self.running = Running(1, "host-1", 1, ("collect_widget",), (), LOCKED)
        self.refusing = 0
        self.connected = 0
        self.broken: list[BaseException] = []
        self.closed = False
        self._threads: list[threading.Thread] = []

    def ask(self, question: Question, deadline: float) -> Given:
        """Answer."""
        assert deadline > time.monotonic()
        self.questions.append(question)
        if not isinstance(question, Ensure):
            return Done()
        return self.answers.popleft() if self.answers else self.running

    def connect_host(self, name: str, timeout: float | None = None) -> socket.socket:
        """Connect to a new player."""
        assert name
        assert timeout
        self.connected += 1
        if self.refusing:
            self.refusing -= 1
            raise ConnectionRefusedError(name)
        ours, theirs = socket.socketpair()
        side = HostSide(theirs, self.running.generation)
        thread = threading.Thread(target=self._play, args=(side, self.script), daemon=True)
        self._threads.append(thread)
        thread.start()
        return ours

    def close(self) -> None:
        """Remember."""
        self.closed = True

    def asked(self, kind: type[Any]) -> list[Any]:
        """Give the questions of one kind."""
        return [one for one in self.questions if isinstance(one, kind)]

    def end(self) -> None:
        """See all players out, and that none has tripped."""
        for thread in self._threads:
            thread.join(_PATIENCE)
        assert self.broken == []

    def _play(self, side: HostSide, script: Script) -> None:
        try:
            with contextlib.suppress(WireClosed):
                side.send(self.hello(side.generation))
                script(side)
        except BaseException as error:  # noqa: BLE001 - border: shown where the test ends
            self.broken.append(error)
        finally:
            side.wire.close()


class Played:
    """A stage whose hosts the test plays."""

    def __init__(self, core: Core, **options: Any) -> None:
        self.supervisor = FakeSupervisor()
        self.stage: Stage = make_stage(
            core,
            supervisor=self.supervisor,
            present=self.supervisor,
            machine=options.pop("machine", lambda: LOCKED),
            **options,
        )

    def put(self, tenant: Tenant, *hooks: str, **row: Any) -> str:
        """Install a sample whose code runs in a host; give the installation's id."""
        facts = {"built_in": False, "hooks": list(hooks), **row}
        return self.stage.put(tenant, HEAD + QUIET, row=facts)

    def run(self, tenant: Tenant, work: Callable[[LoadedVersion], T], seconds: float = 5.0) -> T:
        """Do something with the hosted version in a call of the tenant's owner."""
        installed = self.stage.find(tenant)
        call = CallContext(installed, tenant.owner(), "route", seconds, (SdkError,))
        return self.stage.runtime.calls.run(call, lambda: work(installed.loaded))

    def request(
        self, tenant: Tenant, method: str = "GET", body: bytes = b"", seconds: float = 5.0
    ) -> PartsAnswer:
        """Send a request to the sample."""
        inner = inner_environ({**ENVIRON, "REQUEST_METHOD": method}, body)
        return self.run(tenant, lambda loaded: loaded.answer(inner), seconds)

    def plays(self, script: Script) -> None:
        """Have new connections played like this."""
        self.supervisor.script = script

    def refuses(self, code: str, reason: str = "for a reason", **facts: Any) -> None:
        """Have the next question for a host refused."""
        self.supervisor.answers.append(NotRunning(code, reason, **facts))


@pytest.fixture
def played_on() -> Iterator[Callable[..., Played]]:
    """Give a maker of stages with hosts that the test plays."""
    made: list[Played] = []

    def make(core: Core, **options: Any) -> Played:
        made.append(Played(core, **options))
        return made[-1]

    yield make
    for played in made:
        played.stage.runtime.stop()
        played.supervisor.end()


@pytest.fixture
def played(core: Core, played_on: Callable[..., Played]) -> Played:
    """Give one on `core`."""
    return played_on(core)


@pytest.fixture
def confining() -> None:
    """Skip, by name, where the machine can't lock real hosts up."""
    if not confines(machine_level()):
        pytest.skip("no locks: this machine lacks Landlock or seccomp")
