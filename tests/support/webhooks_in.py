"""An integration that takes webhooks, its connections, and whoever sends to them."""

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from geminicrm.app import Core, create_app
from geminicrm.connections.book import Changes
from geminicrm.runtime.webhook_jobs import WebhookKind
from geminicrm.webhooks.incoming.doors_needed import Listener
from geminicrm.webhooks.incoming.inbox import Inbox
from geminicrm.webhooks.incoming.listing import Question, items_of, receipts
from geminicrm.webhooks.incoming.models import Received, ReceivedItem
from tests.support.core import Tenant, make_tenant
from tests.support.integrations import SETTINGS, connect_to, put_integration
from tests.support.sample_extensions import Stage
from tests.support.working import Hands

SECRET = "whsec_test_of_the_sample"
OLDER = "whsec_before_that_one"
SECRETS = ["signing", "older_signing"]
HOOK = {"id": "events", "scheme": "stripe", "secrets": SECRETS, "description": "Events."}
# Writes down each event that it is handed, and does what the event says.
HANDLES = """return Account(id=self.service, label=self.app.connection.name)

    def handle_webhook(self, event):
        from extensions.sdk.webhooks import Changed, Handled
        self.app.log.info("handed over", key=event.id, attempt=event.attempt, type=event.type,
                          hook=event.webhook, via=self.app.connection.id)
        if event.type == "busy":
            raise ServiceUnavailable("busy")
        if event.type == "broken":
            raise ValueError("broken")
        if event.type == "changed":
            return Handled(changed=(Changed(capability="things", kind="thing", id=event.id),))
        return Handled(ignored=event.type == "strange")
"""


def event(key: str = "evt_1", kind: str = "paid", **more: Any) -> bytes:
    """Give the body of one event."""
    return json.dumps({"id": key, "type": kind, **more}).encode()


def signature(body: bytes, at: float, secret: str = SECRET) -> str:
    """Sign as Stripe does."""
    signed = hmac.new(secret.encode(), f"{int(at)}.".encode() + body, hashlib.sha256)
    return f"t={int(at)},v1={signed.hexdigest()}"


@dataclass
class Listeners:
    """What was told to whoever reads again."""

    heard: list[tuple[str, list[str]]] = field(default_factory=list)

    def __call__(self, _work: Any, connection_id: str, changed: Sequence[Any]) -> None:
        self.heard.append((connection_id, [one.id for one in changed]))


@dataclass
class Gate:
    """A connection of an integration that takes webhooks, and its worker."""

    stage: Stage
    tenant: Tenant
    app: Flask
    connection_id: str
    path: str
    hands: Hands
    listeners: Listeners

    @property
    def core(self) -> Core:
        """The core."""
        return self.stage.core

    def now(self) -> float:
        """Give the time of the core."""
        return self.core.works.clock.now().timestamp()

    def send(
        self, body: bytes | None = None, path: str | None = None, secret: str = SECRET, **more: Any
    ) -> TestResponse:
        """Post a body with its signature, with a client that has no cookies."""
        content = event() if body is None else body
        headers = {"Stripe-Signature": signature(content, self.now(), secret)}
        headers |= more.pop("headers", {})
        given = {"content_type": "application/json", "data": content, "headers": headers, **more}
        return self.app.test_client(use_cookies=False).post(path or self.path, **given)

    def rows(self, **asked: str) -> list[Received]:
        """Give what came in, the latest first."""
        with self.core.works.read(self.tenant.owner()) as work:
            return list(receipts(work, Question.parse(asked)).rows)

    def items(self) -> list[ReceivedItem]:
        """Give the events that were stored, the oldest first."""
        with self.core.works.read(self.tenant.owner()) as work:
            return [
                one
                for row in reversed(receipts(work, Question()).rows)
                for one in items_of(work, row)
            ]

    def states(self) -> list[tuple[str, str]]:
        """Give key and state of each."""
        return [(one.key, one.state) for one in self.items()]

    def handed(self) -> list[tuple[str, int]]:
        """Give key and attempt of each event that the integration was handed, in order."""
        installed = self.stage.find(self.tenant)
        lines = self.stage.runtime.logs.tail(installed.id, 500)
        told = [line["fields"] for line in lines if line["message"] == "handed over"]
        return [(one["key"], one["attempt"]) for one in told]

    def work(self) -> None:
        """Do all jobs that are due."""
        self.hands.work()

    def configure(self, **config: Any) -> None:
        """Change values of the connection."""
        change_values(self.core, self.tenant, self.connection_id, **config)


def change_values(core: Core, tenant: Tenant, connection_id: str, **config: Any) -> None:
    """Change values of a connection."""
    with core.works.write(tenant.owner()) as work:
        core.connections.book.change(work, connection_id, Changes(config=config))


def path_of(core: Core, tenant: Tenant, connection_id: str, at: int = 0) -> str:
    """Give the address of a connection, without the host."""
    return core.incoming.addresses.paths(tenant.owner(), "sample", connection_id)[at][1]


def open_gate(
    stage: Stage, tenant: Tenant, hooks: Sequence[dict[str, Any]] = (HOOK,), **new: Any
) -> Gate:
    """Put an integration on a stage, connect it, and give its address."""
    older = {"id": "older_signing", "type": "password", "label": "The one before"}
    audience = {"id": "audience", "type": "text", "label": "Audience"}
    put_integration(
        stage,
        tenant,
        body=HANDLES,
        settings=[*SETTINGS, older, audience],
        inbound_webhooks=list(hooks),
    )
    config = {"signing": SECRET, **new.pop("config", {})}
    connection_id = connect_to(stage, tenant, config=config, **new)
    stage.runtime.reconcile()
    core, runtime, listeners = stage.core, stage.runtime, Listeners()
    told: dict[str, Listener] = {"things": listeners}
    inbox = Inbox(core.works, told)
    kind = WebhookKind(runtime.convergence, runtime.calls, core.works, runtime.capabilities, inbox)
    return Gate(
        stage=stage,
        tenant=tenant,
        app=create_app(core=core),
        connection_id=connection_id,
        path=path_of(core, tenant, connection_id),
        hands=Hands(core, (), (kind,), (inbox,)),
        listeners=listeners,
    )


@pytest.fixture
def gate(stage: Stage, tenant: Tenant) -> Iterator[Gate]:
    """Give a gate on SQLite."""
    made = open_gate(stage, tenant)
    yield made
    made.hands.close()


@pytest.fixture
def both_gates(both_cores: Core, stage_of: Callable[..., Stage]) -> Iterator[Gate]:
    """Give a gate, once on each engine."""
    made = open_gate(stage_of(both_cores), make_tenant(both_cores, "north"))
    yield made
    made.hands.close()
