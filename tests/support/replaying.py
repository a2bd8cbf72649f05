"""An extension that does a bit of everything with an event, in process and in a locked host."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select

from geminicrm.app import Core
from geminicrm.kernel.db import Base
from geminicrm.kernel.outbox import OutboxEvent
from geminicrm.runtime.consent import InstallRequest
from tests.support.core import Tenant
from tests.support.life import HELLO, files, zipped
from tests.support.working import Hands

HEAD = '''"""Handles."""

import time
from flask import Blueprint
from extensions.extension_base import ExtensionBase, hookimpl
from extensions.sdk.errors import Unavailable


class Hello(ExtensionBase):
    """Handles."""

    def install(self):
        return {"success": True}

    def uninstall(self):
        return {"success": True}

    def get_routes(self):
        return Blueprint("hello", __name__)

    @hookimpl
    def on_event(self, event):
        app = self.app
'''
SETTINGS = [
    {"id": "word", "type": "text", "label": "Word", "description": "A word."},
    {"id": "key", "type": "password", "label": "Key", "description": "A key."},
]
MANIFEST: Mapping[str, Any] = {
    "permissions": ["read:leads", "write:leads"],
    "events": ["lead.created"],
    "network": [{"host": "api.example.com", "reason": "It tells others."}],
    "settings": SETTINGS,
}
FIRST = "app.storage.put('first', event.attempt)"


def package(body: str, version: str = "1.0.0", **changes: Any) -> bytes:
    """Pack a version whose handler has this body."""
    lines = "".join(f"        {line}\n" for line in body.strip().splitlines())
    return zipped(files(HEAD + lines, version=version, **{**MANIFEST, **changes}))


@dataclass(frozen=True)
class Replaying:
    """It is installed in a workspace, in one of the ways that code runs."""

    core: Core
    tenant: Tenant
    way: str

    def offer(self, body: str, version: str = "1.0.0", **changes: Any) -> None:
        """Publish a version."""
        content = package(body, version, **changes)
        if self.way == "in-process":
            self.core.registry.offer(content)
        else:
            self.core.registry.publish(self.tenant.owner(), content)

    def install(self, body: str, **changes: Any) -> None:
        """Publish and install version 1.0.0."""
        self.offer(body, **changes)
        wish = InstallRequest(extension_id=HELLO, grant="requested", allow_unsigned=True)
        installed = self.core.life_cycle.install(self.tenant.owner(), wish).installation
        assert installed["isolation"] == self.way
        self.core.runtime.reconcile()

    def event(self) -> tuple[str, dict[str, Any]]:
        """Have a lead made and its event handled; give the event's id and the lead."""
        lead = self.core.crm.leads.create(self.tenant.owner(), {"last_name": "Lovelace"})
        self.work()
        with self.core.works.read(self.tenant.system()) as work:
            query = select(OutboxEvent.id).where(OutboxEvent.object_id == lead["id"])
            return str(work.session.scalars(query).first()), dict(lead)

    def work(self) -> None:
        """Hand out and do what is due."""
        hands = Hands(self.core, self.core.sinks())
        try:
            hands.work()
        finally:
            hands.close()

    def dry_run(self, event_id: str, version: str | None = None) -> dict[str, Any]:
        """Try an event; give what the API would show."""
        found = self.core.replays.dry_run(
            self.tenant.owner(), HELLO, event_id, version, allow_unsigned=True
        )
        return found.to_dict()


def operations(trial: Mapping[str, Any]) -> list[str]:
    """Name what would have been done, in order."""
    return [f"{one['door']}.{one['operation']}" for one in trial["actions"]]


def every_row(core: Core) -> dict[str, Sequence[Any]]:
    """Read the whole database."""
    with core.database.engine.connect() as connection:
        return {
            table.name: sorted(map(repr, connection.execute(table.select()).all()))
            for table in Base.metadata.sorted_tables
        }


@pytest.fixture(params=["in-process", "sandboxed"])
def replaying(
    request: pytest.FixtureRequest, core: Core, tenant: Tenant, confining: None
) -> Replaying:
    """Give what installs it in `tenant`, in each of the ways."""
    return Replaying(core, tenant, request.param)


@pytest.fixture
def inside(core: Core, tenant: Tenant) -> Replaying:
    """Give what installs it in process."""
    return Replaying(core, tenant, "in-process")


@pytest.fixture
def hosted(core: Core, tenant: Tenant, confining: None) -> Replaying:
    """Give what installs it in a locked host."""
    return Replaying(core, tenant, "sandboxed")
