"""A workspace that has a version, and others to put in its place."""

from typing import Any

import pytest
from sqlalchemy import select

from geminicrm.kernel.audit import AuditEntry
from geminicrm.runtime.consent import InstallRequest
from geminicrm.runtime.models import Installation
from tests.support.core import Tenant, make_tenant
from tests.support.life import ALL, HELLO, Life, files, rows, zipped

UP = InstallRequest(extension_id=HELLO)
SETTINGS = [
    {"id": "word", "type": "text", "label": "Word", "description": "A word."},
    {"id": "key", "type": "password", "label": "Key", "description": "A key."},
]


def offer(life: Life, version: str, facts: dict[str, Any] | None = None, **changes: Any) -> None:
    life.shelf.put(zipped(files(version=version, **changes)), version=version, **(facts or {}))


def installed(life: Life, tenant: Tenant) -> Installation:
    (row,) = rows(life, tenant)
    assert isinstance(row, Installation)
    return row


def history(life: Life, tenant: Tenant) -> list[tuple[str, str | None]]:
    found = life.cycle.upgrades.versions(tenant.owner(), HELLO)
    return [(one["version"], one["outcome"]) for one in found]


def actions(life: Life, tenant: Tenant) -> list[str]:
    with life.core.works.read(tenant.system()) as work:
        return list(work.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


@pytest.fixture
def lives(both_lives: Life) -> tuple[Life, Tenant]:
    """Give a life cycle and a workspace that has version 1.0.0, on each engine."""
    tenant = make_tenant(both_lives.core, "north")
    offer(both_lives, "1.0.0", settings=SETTINGS)
    both_lives.cycle.install(tenant.owner(), ALL)
    return both_lives, tenant


@pytest.fixture
def one(life: Life, tenant: Tenant) -> Life:
    """Give a life cycle whose `tenant` has version 1.0.0."""
    offer(life, "1.0.0", settings=SETTINGS)
    life.cycle.install(tenant.owner(), ALL)
    return life
