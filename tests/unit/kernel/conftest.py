"""A database with the tables of the kernel, once per engine."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from geminicrm.kernel.audit import AuditEntry
from geminicrm.kernel.clock import FixedClock
from geminicrm.kernel.db import Base, Database
from geminicrm.kernel.generation import Generation
from geminicrm.kernel.jobs.models import Job, Schedule
from geminicrm.kernel.outbox import OutboxEvent, OutboxPosition
from geminicrm.kernel.work import Works

MODELS = (AuditEntry, Generation, Job, OutboxEvent, OutboxPosition, Schedule)


@dataclass(frozen=True)
class Person:
    """An actor of one workspace."""

    workspace_id: str
    kind: str = "user"
    id: str = "usr_1"
    label: str = "Ada"
    scopes: frozenset[str] = field(default_factory=frozenset)

    def allows(self, scope: str) -> bool:
        return scope in self.scopes


@pytest.fixture
def ada() -> Person:
    return Person("ws_a", scopes=frozenset({"read:leads"}))


@pytest.fixture
def bob() -> Person:
    return Person("ws_b", id="usr_2", label="Bob")


@pytest.fixture
def database(database_url: str, tmp_path: Path) -> Iterator[Database]:
    opened = Database(database_url, tmp_path)
    tables = [Base.metadata.tables[model.__tablename__] for model in MODELS]
    Base.metadata.create_all(opened.engine, tables=tables)
    yield opened
    opened.dispose()


@pytest.fixture
def works(database: Database, clock: FixedClock) -> Works:
    return Works(database, clock)
