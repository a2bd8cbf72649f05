"""A workspace with a connection to a CRM in memory, and the hands of a worker that syncs."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import select

from geminicrm.connections.models import Connection
from geminicrm.crm.shared.listing import ListQuery
from geminicrm.kernel.ids import new_id
from geminicrm.runtime.models import Installation
from geminicrm.syncing.choosing import Choice, Choosing
from geminicrm.syncing.doors_needed import Place
from geminicrm.syncing.models import SyncDirty, SyncLink, SyncSettings
from geminicrm.syncing.running import SyncKeeper, SyncKind
from tests.support.core import make_tenant
from tests.support.far_crm import FarCrmInMemory
from tests.support.working import Hands


def put_connection(core, tenant):
    """Store an installation and a connection of it; give the connection's id."""
    inst, conn = new_id("inst"), new_id("conn")
    with core.works.write(tenant.system()) as work:
        facts = {"version": "1.0.0", "digest": "sha256:0", "manifest": {}, "granted": []}
        work.session.add(
            Installation(
                id=inst,
                workspace_id=tenant.id,
                extension_id="far-crm",
                settings={},
                created_at=work.now,
                updated_at=work.now,
                **facts,
            )
        )
        work.session.flush()
        work.session.add(
            Connection(
                id=conn, workspace_id=tenant.id, installation_id=inst, extension_id="far-crm",
                name="Ours", way="key", config={}, hints={}, secrets_at=work.now, scopes=[],
                missing_scopes=[], created_by="Olga", created_at=work.now, updated_at=work.now,
            )
        )  # fmt: skip
    return conn


@dataclass
class Sides:
    """Both sides, and what a test does with them."""

    core: Any
    tenant: Any
    clock: Any
    far: FarCrmInMemory
    connection_id: str
    choosing: Choosing
    hands: list[Hands] = field(default_factory=list)
    kinds: list[SyncKind] = field(default_factory=list)

    def choose(self, **choice):
        with self.core.works.write(self.tenant.owner()) as work:
            self.choosing.change(work, self.connection_id, Choice(**choice))

    def begin(self, **choice):
        """Switch it on, and do the first sync."""
        self.choose(enabled=True, **choice)
        self.work()

    def work(self):
        self.hands[0].work()

    def later(self, seconds=3600):
        """Let time go by and do what is due then."""
        self.work()
        self.clock.advance(seconds)
        SyncKeeper(self.core.works).step()
        self.work()

    def now(self):
        """Have it synced at once, as the button does."""
        self.work()
        self.clock.advance(1)
        with self.core.works.write(self.tenant.owner()) as work:
            self.choosing.run(work, self.connection_id)
        self.work()

    def again(self, link):
        with self.core.works.write(self.tenant.owner()) as work:
            self.choosing.again(work, self.connection_id, link.id)
        self.work()

    def door(self, kind="contact"):
        return self.core.crm.records[kind]

    def create(self, kind="contact", **values):
        return self.door(kind).create(self.tenant.owner(), values)

    def update(self, record, kind="contact", **values):
        return self.door(kind).update(self.tenant.owner(), record["id"], values)

    def ours(self, kind="contact"):
        return self.door(kind).list(self.tenant.owner(), ListQuery(sort="name")).data

    def rows(self, model=SyncLink):
        with self.core.works.read(self.tenant.owner()) as work:
            return list(work.session.scalars(select(model).order_by(model.id)))

    def link(self):
        (only,) = self.rows()
        return only

    def link_of(self, kind):
        (only,) = [one for one in self.rows() if one.kind == kind]
        return only

    def settings(self):
        (only,) = self.rows(SyncSettings)
        return only

    def waiting(self):
        return len(self.rows(SyncDirty))

    def notes(self, record, kind="contact"):
        query = ListQuery(filters={"related_type": kind, "related_id": record["id"]})
        return self.core.crm.activities.list(self.tenant.owner(), query).data


def make_sides(core, clock):
    tenant = make_tenant(core, "north")
    far = FarCrmInMemory(clock)

    def place(_work, connection_id):
        return Place(id=connection_id, name="Ours", service="Far CRM", syncs=True)

    choosing = Choosing(core.generations, place)
    sides = Sides(core, tenant, clock, far, put_connection(core, tenant), choosing)
    kind = SyncKind(core.works, far, core.crm)
    sides.kinds.append(kind)
    sides.hands.append(Hands(core, [core.sync_sink], [kind]))
    return sides


@pytest.fixture
def sides(core, clock):
    made = make_sides(core, clock)
    yield made
    made.hands[0].close()


@pytest.fixture
def both_sides(both_cores, clock):
    """Give the same, once on each engine."""
    made = make_sides(both_cores, clock)
    yield made
    made.hands[0].close()
