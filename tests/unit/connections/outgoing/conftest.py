"""Connections to a made-up service, and a pace that nobody has to keep."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from geminicrm.app import Core
from geminicrm.connections.opened import Opened
from geminicrm.connections.outgoing.calls import OutsideCall
from geminicrm.connections.outgoing.client import OutsideClient
from geminicrm.connections.outgoing.pace import Pace
from geminicrm.connections.ways import Limit
from geminicrm.kernel.http import HttpClient, HttpFailed, HttpRequest, HttpResponse
from tests.support.connecting import connect
from tests.support.core import Tenant
from tests.support.installed import BuiltIn, Installer

KEY = "sk_test_of_north_0123456789"


@dataclass
class Hurried(Pace):
    """Time that passes when somebody sleeps, and not else."""

    now: float = 1_800_000_000.0
    slept: list[float] = field(default_factory=list)

    def unix(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 6))
        self.now += seconds

    def jitter(self) -> float:
        return 1.0


@pytest.fixture
def pace() -> Hurried:
    return Hurried()


@pytest.fixture
def stripe(open_built_in: Installer) -> BuiltIn:
    return open_built_in("stripe")


@dataclass
class Caller:
    """Clients, each as if of a process of its own; `connection_id` "" is an extension without."""

    core: Core
    tenant: Tenant
    connection_id: str
    pace: Hurried
    clients: list[OutsideClient] = field(default_factory=list)

    def process(self) -> OutsideClient:
        """Give the client of one more process."""
        core = self.core
        client = OutsideClient(
            core.works, core.generations, core.http, core.metrics, core.runtime.connections,
            self.pace,
        )  # fmt: skip
        self.clients.append(client)
        return client

    def opened(self, *limits: Limit, **config: Any) -> Opened:
        """Open the connection, with other limits and plain values than it has."""
        runtime = self.core.runtime
        (installed,) = runtime.convergence.current().by_id.values()
        found = runtime.connections.find(installed.id, self.connection_id)
        assert found is not None
        changed = replace(found, config={**found.config, **config})
        opened = runtime.connecting.opened(installed, changed)
        opened.service = replace(opened.service, limits=limits)
        return opened

    def call(self, url: str, method: str = "GET", **more: Any) -> OutsideCall:
        """Give a call to an address; `request` are further parts of the request."""
        opened = self.opened() if self.connection_id else None
        facts = {
            "workspace_id": self.tenant.id,
            "installation_id": "inst_1",
            "extension_id": "stripe",
            "operation": "payments.take",
            "actor_kind": "user",
            "actor_id": self.tenant.owner_id,
            "opened": opened,
        }
        request = HttpRequest(method, url, **more.pop("request", {}))
        return OutsideCall(request=request, **{**facts, **more})


@pytest.fixture
def callers(pace: Hurried) -> Iterator[Callable[..., Caller]]:
    made: list[Caller] = []

    def make(core: Core, tenant: Tenant, connection_id: str = "") -> Caller:
        made.append(Caller(core, tenant, connection_id, pace))
        return made[-1]

    yield make
    for client in [client for one in made for client in one.clients]:
        client.stop()


@pytest.fixture
def caller(callers: Callable[..., Caller], stripe: BuiltIn) -> Caller:
    """Give one with a connection."""
    return callers(stripe.core, stripe.tenant, connect(stripe, api_key=KEY))


@pytest.fixture
def plain(callers: Callable[..., Caller], core: Core, tenant: Tenant) -> Caller:
    """Give one without, which is quicker to make."""
    return callers(core, tenant)


@dataclass
class Script:
    """What the service does in turn, and what it was sent."""

    does: list[HttpResponse | HttpFailed] = field(default_factory=list)
    seen: list[HttpRequest] = field(default_factory=list)

    def answers(self, *statuses: int, **headers: str) -> None:
        """Have it answer."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.does += [HttpResponse(status, named, b"", 1.0) for status in statuses]

    def request(self, asked: HttpRequest) -> HttpResponse:
        """Stand for the kernel's client."""
        self.seen.append(asked)
        match self.does.pop(0):
            case HttpResponse() as answer:
                return answer
            case error:
                raise error


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Script:
    script = Script()
    monkeypatch.setattr(HttpClient, "request", lambda _client, asked: script.request(asked))
    return script


@pytest.fixture
def client(plain: Caller) -> OutsideClient:
    return plain.process()


@pytest.fixture
def limit() -> Callable[..., Limit]:
    """Give a maker of limits."""
    numbers = itertools.count()

    def make(most: int, seconds: int, counts: Any = "requests", **more: Any) -> Limit:
        facts = {"id": f"limit_{next(numbers)}", "label": "Calls", "setting": None}
        return Limit(most=most, seconds=seconds, counts=counts, **{**facts, **more})

    return make
