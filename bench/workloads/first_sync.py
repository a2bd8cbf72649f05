"""What the first sync of many contacts from another CRM costs in memory."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from typing_extensions import override

from bench.lab import Lab
from bench.report import Row, Target
from bench.trees import pss_kib
from bench.working import engines, opened
from extensions.sdk.capabilities.crm_sync import FarRecord, Page
from geminicrm.app import Core
from geminicrm.connections.models import Connection
from geminicrm.crm.contacts.models import Contact
from geminicrm.identity.actor import SystemActor
from geminicrm.kernel.clock import FixedClock
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.jobs.engine import Duties, Engine
from geminicrm.kernel.owners import own_name
from geminicrm.runtime.models import Installation
from geminicrm.syncing.choosing import Choice, Choosing
from geminicrm.syncing.doors_needed import Place
from geminicrm.syncing.running import SyncKind
from tests.support.far_crm import FarCrmInMemory

NAME = "first_sync"
_PAGE = 100
_WARM = 200
_KIB = 1024
_AT = datetime(2026, 1, 15, tzinfo=UTC)


@dataclass
class Endless(FarCrmInMemory):
    """Makes its contacts up page by page, and looks at our memory at each."""

    count: int = 0
    peak: float = 0.0

    @override
    def changes(self, kind: str, _properties: tuple[str, ...], cursor: str) -> Page:
        self.peak = max(self.peak, own_memory())
        at = int(cursor or 0)
        end = min(at + _PAGE, self.count)
        records = tuple(_contact(number) for number in range(at, end))
        return Page(records=records, cursor=str(end), more=end < self.count)


def run(lab: Lab) -> list[Row]:
    """Measure this process before, and at each page of, a first sync."""
    rows: list[Row] = []
    with engines(lab, NAME) as homes:
        for engine, environ in homes.items():
            with opened(environ) as (core, actor):
                rows.append(_row(lab, core, actor, engine))
    return rows


def own_memory() -> float:
    """Give the proportional set size of this process in MiB."""
    return pss_kib(Path("/proc/self/smaps_rollup").read_bytes()) / _KIB


def _row(lab: Lab, core: Core, actor: SystemActor, engine: str) -> Row:
    far = Endless(FixedClock(_AT), count=_WARM)
    place = stored_connection(core, actor)
    hand = Engine(core.works, core.metrics, own_name(), Duties(kinds=(
        SyncKind(core.works, far, core.crm),)))  # fmt: skip
    choosing = Choosing(core.generations, lambda _work, _id: place)
    with core.works.write(actor) as work:
        choosing.change(work, place.id, Choice(enabled=True, kinds=["contact"], direction="in"))
    hand.drain()
    idle, far.peak, far.count = own_memory(), 0.0, lab.options.rows
    with core.works.write(actor) as work:
        choosing.run(work, place.id)
    hand.drain()
    hand.close()
    with core.works.read(actor) as work:
        made = work.session.query(Contact).count()
    lab.say(f"{NAME}: {engine}: {idle:.0f} MiB idle, at most {far.peak:.0f}")
    return Row(
        workload=NAME,
        what=f"memory above idle, {made:,} contacts, {engine}",
        unit="MiB",
        ours=max(far.peak - idle, 0.0),
        target=Target(value=50, better="lower"),
        wrong=lab.options.rows - made,
    )


def _contact(number: int) -> FarRecord:
    values = {"first": "Ada", "last": f"P{number}", "mail": f"p{number}@x.example", "tel": "1"}
    return FarRecord(
        kind="contact", id=f"far{number}", values=values, created_at=_AT, updated_at=_AT, version=""
    )


def stored_connection(core: Core, actor: SystemActor) -> Place:
    """Store a connection of an integration that is not there."""
    installation, connection = new_id("inst"), new_id("conn")
    with core.works.write(actor) as work:
        work.session.add(
            Installation(
                id=installation, workspace_id=actor.workspace_id, extension_id="far-crm",
                version="1.0.0", digest="sha256:0", manifest={}, granted=[], settings={},
                enabled=False, created_at=work.now, updated_at=work.now,
            )
        )  # fmt: skip
        work.session.flush()
        work.session.add(
            Connection(
                id=connection, workspace_id=actor.workspace_id, installation_id=installation,
                extension_id="far-crm", name="Far", way="key", config={}, hints={},
                secrets_at=work.now, scopes=[], missing_scopes=[], created_by="bench",
                created_at=work.now, updated_at=work.now,
            )
        )  # fmt: skip
    return Place(id=connection, name="Far", service="Far CRM", syncs=True)
