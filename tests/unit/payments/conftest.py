"""A workspace with a provider of payments that does what a test tells it."""

import pytest

from tests.support.core import make_tenant
from tests.support.paying import desk_of


@pytest.fixture
def desk(core, tenant):
    made = desk_of(core, tenant)
    yield made
    made.hands.close()


@pytest.fixture
def both_desks(both_cores):
    """Give the same, once on each engine."""
    made = desk_of(both_cores, make_tenant(both_cores, "north"))
    yield made
    made.hands.close()
