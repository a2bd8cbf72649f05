"""A CRM of two workspaces, and hooks that a test can watch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import select
from typing_extensions import override

from geminicrm.app import Core
from geminicrm.crm.build import Crm, build
from geminicrm.crm.shared.commands import NoHooks
from geminicrm.identity.people import is_member
from geminicrm.kernel.audit import AuditEntry
from geminicrm.kernel.outbox import OutboxEvent
from geminicrm.kernel.work import Actor
from tests.support.core import Tenant, make_tenant


@dataclass
class Hooks(NoHooks):
    """Keeps what it was asked, and calls `react` before it answers."""

    kinds: set[str] = field(default_factory=set)
    asked: list[tuple[str, str, Any, Any]] = field(default_factory=list)
    react: Callable[[], None] = lambda: None

    @override
    def wants(self, actor: Actor, record_type: str) -> bool:
        return record_type in self.kinds

    @override
    def before_save(
        self, actor: Actor, record_type: str, action: str, before: Any, draft: Any
    ) -> None:
        self.asked.append((record_type, action, before, draft))
        self.react()


@dataclass(frozen=True)
class Stored:
    """Reads what a workspace keeps beside its records."""

    core: Core

    def events(self, actor: Actor) -> list[OutboxEvent]:
        """Give the events in the order they were stored."""
        with self.core.works.read(actor) as work:
            return list(work.session.scalars(select(OutboxEvent).order_by(OutboxEvent.id)))

    def types(self, actor: Actor) -> list[str]:
        """Give the types of the events."""
        return [event.type for event in self.events(actor)]

    def audit(self, actor: Actor, subject: str) -> Sequence[tuple[str, dict[str, Any]]]:
        """Give action and changes of all audit rows of a thing."""
        mine = select(AuditEntry).where(AuditEntry.subject == subject).order_by(AuditEntry.id)
        with self.core.works.read(actor) as work:
            return [(row.action, row.changes) for row in work.session.scalars(mine)]


@pytest.fixture
def hooks() -> Hooks:
    """Give hooks that want nothing yet."""
    return Hooks()


@pytest.fixture
def crm(core: Core, hooks: Hooks) -> Crm:
    """Give a CRM on SQLite."""
    return build(core.works, hooks, is_member)


@pytest.fixture
def stored(core: Core) -> Stored:
    """Give a look at events and audit rows."""
    return Stored(core)


@pytest.fixture
def me(tenant: Tenant) -> Actor:
    """Give the owner of the first workspace."""
    return tenant.owner()


@pytest.fixture
def other(core: Core) -> Actor:
    """Give the owner of another workspace."""
    return make_tenant(core, "south").owner()


@pytest.fixture
def both_crms(both_cores: Core, hooks: Hooks) -> Crm:
    """Give a CRM, once on each engine."""
    return build(both_cores.works, hooks, is_member)


@pytest.fixture
def here(both_cores: Core) -> Actor:
    """Give the owner of the first workspace of `both_crms`."""
    return make_tenant(both_cores, "north").owner()


@pytest.fixture
def there(both_cores: Core) -> Actor:
    """Give the owner of another workspace of `both_crms`."""
    return make_tenant(both_cores, "south").owner()
