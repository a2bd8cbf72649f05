"""A publisher of a workspace, once on each engine, and somebody else there."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from geminicrm.app import Core
from geminicrm.identity.actor import PersonActor
from geminicrm.identity.people import create_user
from geminicrm.identity.tokens import actor_of_token
from geminicrm.kernel.audit import AuditEntry
from marketplace.publishers.service import Publishers
from tests.support.core import PASSWORD, Tenant, make_tenant
from tests.unit.marketplace.conftest import sign_up


@pytest.fixture
def tenant(both_cores: Core) -> Tenant:
    """Give a workspace, once on each engine."""
    return make_tenant(both_cores, "north")


@pytest.fixture
def core(both_cores: Core, tenant: Tenant) -> Core:
    """Give a core with a publisher that the tenant's owner owns."""
    sign_up(both_cores, tenant)
    return both_cores


@pytest.fixture
def publishers(core: Core) -> Publishers:
    """Give the publishers."""
    return core.marketplace.publishers


@pytest.fixture
def other(core: Core, tenant: Tenant) -> PersonActor:
    """Give somebody else of the same workspace."""
    email = "mia@north.example"
    with core.works.across_workspaces("add somebody for a test", write=True) as work:
        user = create_user(work, tenant.id, email, "admin", PASSWORD)
    return replace(tenant.owner(), id=user.id, user_id=user.id, label="Mia")


def actor_of(core: Core, tenant: Tenant, secret: str) -> PersonActor:
    """Give who a token acts for."""
    with core.works.read(tenant.system()) as work:
        found = actor_of_token(work, secret)
    assert found is not None
    return found[0]


def audited(core: Core, tenant: Tenant) -> list[str]:
    with core.works.read(tenant.system()) as work:
        rows = work.session.scalars(select(AuditEntry).order_by(AuditEntry.id))
        return [row.action for row in rows if row.action.startswith(("publisher.", "extension."))]
