"""Jobs of two workspaces and of the CRM itself, once on each engine."""

from dataclasses import replace

import pytest

from geminicrm.app import Core
from geminicrm.identity.actor import PersonActor
from tests.support.core import Tenant, make_tenant


@pytest.fixture
def core(both_cores: Core) -> Core:
    """Give a core on each engine."""
    return both_cores


@pytest.fixture
def tenant(core: Core) -> Tenant:
    """Give the first workspace; its owner operates the installation."""
    return make_tenant(core, "north")


@pytest.fixture
def south(core: Core, tenant: Tenant) -> Tenant:
    """Give another workspace."""
    assert tenant.id
    return make_tenant(core, "south")


@pytest.fixture
def admin(tenant: Tenant) -> PersonActor:
    """Give somebody who manages extensions and operates nothing."""
    return tenant.owner()


@pytest.fixture
def operator(tenant: Tenant) -> PersonActor:
    """Give somebody who operates the installation too."""
    owner = tenant.owner()
    return replace(owner, scopes=owner.scopes | {"operate:instance"})
