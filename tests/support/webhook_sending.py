"""Endpoints, and the hands of a worker that sends to them, in a test."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from sqlalchemy import Select, select

from geminicrm.app import Core
from geminicrm.identity.actor import SystemActor
from geminicrm.kernel.events import Event
from geminicrm.kernel.generation import WEBHOOKS
from geminicrm.kernel.http import AddressGuard
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.owners import own_name
from geminicrm.kernel.relay import Relay
from geminicrm.kernel.vault import Vault
from geminicrm.webhooks.outgoing.engine import DeliveryEngine, Parts
from geminicrm.webhooks.outgoing.models import Attempt, Delivery, Endpoint, EndpointHealth
from geminicrm.webhooks.outgoing.opening import Doors
from geminicrm.webhooks.outgoing.placing import WebhookSink
from geminicrm.webhooks.outgoing.posting import Poster
from geminicrm.webhooks.outgoing.signing import new_secret
from geminicrm.webhooks.outgoing.table import EndpointTable
from tests.support.core import Tenant

LOOPBACK = ("127.0.0.0/8",)


class Happened(Event):
    """Something to be told."""

    type = "thing.happened"


class Sender:
    """A relay and a delivery engine on the database of a core; `close` lets go of the threads."""

    def __init__(self, core: Core, poster: Poster | None = None, owner: str = "") -> None:
        self._core = core
        self.sink = WebhookSink(EndpointTable(core.works, core.generations))
        self.relay = Relay(core.works, (), core.metrics, (self.sink,))
        self.engine = DeliveryEngine(
            Parts(
                works=core.works,
                generations=core.generations,
                metrics=core.metrics,
                owner=owner or own_name(),
                poster=poster or Poster(AddressGuard(LOOPBACK)),
                doors=Doors(Vault(core.cipher)),
                version="1",
                poll_seconds=0.05,
            )
        )

    def work(self) -> None:
        """Send all that is due now."""
        self.place()
        self.engine.drain()

    def place(self) -> None:
        """Place all events there are, and send nothing."""
        while self.relay.step():
            continue

    def close(self) -> None:
        """Let go of the threads."""
        self.engine.stop(2.0)


class Hooks:
    """The endpoints of a workspace in a test, and what became of what was sent there."""

    def __init__(self, core: Core, actor: SystemActor) -> None:
        self._core = core
        self._actor = actor

    def add(self, url: str, headers: Mapping[str, str] | None = None, **values: Any) -> str:
        """Add an endpoint for all events, unless told otherwise; give its id."""
        vault = Vault(self._core.cipher)
        sealed = {
            name: vault.seal({"secret": values.pop(name, None) or new_secret()})
            for name in {"secret", *({"old_secret"} & values.keys())}
        }
        endpoint_id = new_id("whe")
        with self._core.works.write(self._actor) as work:
            work.session.add(
                Endpoint(
                    id=endpoint_id,
                    workspace_id=self._actor.workspace_id,
                    url=url,
                    headers=vault.seal(headers or {}),
                    state_at=work.now,
                    created_at=work.now,
                    updated_at=work.now,
                    created_by="test",
                    **{"events": ["*"], **sealed, **values},
                )
            )
            self._core.generations.bump(work, WEBHOOKS)
        return endpoint_id

    def change(self, endpoint_id: str, **values: Any) -> None:
        """Change an endpoint as a person does."""
        with self._core.works.write(self._actor) as work:
            row = work.get(Endpoint, endpoint_id)
            for name, value in values.items():
                setattr(row, name, value)
            self._core.generations.bump(work, WEBHOOKS)

    def happen(self, count: int = 1, **data: Any) -> list[str]:
        """Have something happen so many times; give the ids of the events."""
        with self._core.works.write(self._actor) as work:
            return [
                work.record(Happened(object_id=f"thing_{n}", object_version=1, data=data))
                for n in range(count)
            ]

    def endpoint(self, endpoint_id: str) -> Endpoint:
        """Give the row of an endpoint."""
        found: list[Endpoint] = self._all(select(Endpoint).where(Endpoint.id == endpoint_id))
        return found[0]

    def health(self, endpoint_id: str) -> EndpointHealth:
        """Give the row of an endpoint's health."""
        query = select(EndpointHealth).where(EndpointHealth.id == endpoint_id)
        found: list[EndpointHealth] = self._all(query)
        return found[0]

    def deliveries(self, endpoint_id: str | None = None) -> list[Delivery]:
        """Give the deliveries, of one endpoint or all, in the order they were made."""
        query = select(Delivery).order_by(Delivery.id)
        given = [] if endpoint_id is None else [Delivery.endpoint_id == endpoint_id]
        return self._all(query.where(*given))

    def attempts(self) -> list[Attempt]:
        """Give all attempts in the order they were made."""
        return self._all(select(Attempt).order_by(Attempt.at, Attempt.id))

    def states(self) -> list[str]:
        """Give the states of all deliveries."""
        return [one.state for one in self.deliveries()]

    def _all(self, query: Select[Any]) -> list[Any]:
        with self._core.works.read(self._actor) as work:
            return list(work.session.scalars(query))


@pytest.fixture
def make_sender(core: Core) -> Iterator[Callable[..., Sender]]:
    """Give a maker of hands on `core`."""
    made: list[Sender] = []

    def make(poster: Poster | None = None, owner: str = "") -> Sender:
        made.append(Sender(core, poster, owner))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def sender(make_sender: Callable[..., Sender]) -> Sender:
    """Give the hands of one worker on `core`."""
    return make_sender()


@pytest.fixture
def hooks(core: Core, tenant: Tenant) -> Hooks:
    """Give the endpoints of `tenant`."""
    return Hooks(core, tenant.system())
