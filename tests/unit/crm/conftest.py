"""A CRM of two workspaces, and hooks that a test can watch."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from typing_extensions import override

from geminicrm.crm.build import Crm, build
from geminicrm.crm.shared.commands import NoHooks
from geminicrm.identity.models import Membership, User, Workspace
from geminicrm.identity.people import is_member
from geminicrm.kernel.audit import AuditEntry
from geminicrm.kernel.clock import FixedClock
from geminicrm.kernel.db import Database
from geminicrm.kernel.migrate import upgrade
from geminicrm.kernel.outbox import OutboxEvent
from geminicrm.kernel.work import Actor, Works
from tests.support.core import Tenant

TEMPLATE = "crm"


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

    works: Works

    def events(self, actor: Actor) -> list[OutboxEvent]:
        """Give the events in the order they were stored."""
        with self.works.read(actor) as work:
            return list(work.session.scalars(select(OutboxEvent).order_by(OutboxEvent.id)))

    def types(self, actor: Actor) -> list[str]:
        """Give the types of the events."""
        return [event.type for event in self.events(actor)]

    def audit(self, actor: Actor, subject: str) -> Sequence[tuple[str, dict[str, Any]]]:
        """Give action and changes of all audit rows of a thing."""
        mine = select(AuditEntry).where(AuditEntry.subject == subject).order_by(AuditEntry.id)
        with self.works.read(actor) as work:
            return [(row.action, row.changes) for row in work.session.scalars(mine)]


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a SQLite file with all tables; tests copy it."""
    path = tmp_path_factory.mktemp("crm") / "empty.db"
    upgrade(f"sqlite:///{path}")
    return path


def _sqlite(request: pytest.FixtureRequest) -> str:
    path = request.getfixturevalue("tmp_path") / "crm.db"
    shutil.copy(request.getfixturevalue("empty_file"), path)
    return f"sqlite:///{path}"


def _postgresql(request: pytest.FixtureRequest) -> str:
    request.getfixturevalue("postgres_cluster").template(TEMPLATE, upgrade)
    url: str = request.getfixturevalue("fresh_database")(TEMPLATE)
    return url


ENGINES = {"sqlite": _sqlite, "postgresql": _postgresql}


@pytest.fixture
def sqlite_url(request: pytest.FixtureRequest) -> str:
    """Give a database with tables on SQLite."""
    return _sqlite(request)


@pytest.fixture(params=ENGINES)
def both_urls(request: pytest.FixtureRequest) -> str:
    """Give a database with tables, once on each engine."""
    return ENGINES[request.param](request)


def _works(url: str, folder: Path, clock: FixedClock) -> Iterator[Works]:
    database = Database(url, folder)
    yield Works(database, clock)
    database.dispose()


@pytest.fixture
def works(sqlite_url: str, tmp_path: Path, clock: FixedClock) -> Iterator[Works]:
    """Give units of work on SQLite."""
    yield from _works(sqlite_url, tmp_path, clock)


@pytest.fixture
def both_works(both_urls: str, tmp_path: Path, clock: FixedClock) -> Iterator[Works]:
    """Give units of work, once on each engine."""
    yield from _works(both_urls, tmp_path, clock)


def settle(works: Works, slug: str) -> Tenant:
    """Make a workspace with an owner; nobody signs in, so nothing is hashed."""
    tenant = Tenant(f"ws_{slug}", f"usr_{slug}", f"owner@{slug}.example", "")
    with works.across_workspaces("make a workspace", write=True) as work:
        work.session.add(Workspace(id=tenant.id, slug=slug, name=slug.title(), created_at=work.now))
        owner = User(
            id=tenant.owner_id, email=tenant.email, name=slug, password_hash="", created_at=work.now
        )
        work.session.add(owner)
        work.session.flush()
        work.session.add(
            Membership(
                id=f"mem_{slug}", workspace_id=tenant.id, user_id=tenant.owner_id, role="owner"
            )
        )
    return tenant


@pytest.fixture
def hooks() -> Hooks:
    """Give hooks that want nothing yet."""
    return Hooks()


@pytest.fixture
def crm(works: Works, hooks: Hooks) -> Crm:
    """Give a CRM on SQLite."""
    return build(works, hooks, is_member)


@pytest.fixture
def stored(works: Works) -> Stored:
    """Give a look at events and audit rows."""
    return Stored(works)


@pytest.fixture
def owner(works: Works) -> Tenant:
    """Give the first workspace and its owner."""
    return settle(works, "north")


@pytest.fixture
def me(owner: Tenant) -> Actor:
    """Give the owner of the first workspace."""
    return owner.owner()


@pytest.fixture
def both_crms(both_works: Works, hooks: Hooks) -> Crm:
    """Give a CRM, once on each engine."""
    return build(both_works, hooks, is_member)


@pytest.fixture
def here(both_works: Works) -> Actor:
    """Give the owner of the first workspace of `both_crms`."""
    return settle(both_works, "north").owner()


@pytest.fixture
def there(both_works: Works) -> Actor:
    """Give the owner of another workspace of `both_crms`."""
    return settle(both_works, "south").owner()
