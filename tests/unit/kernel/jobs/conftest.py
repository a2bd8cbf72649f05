"""Workers' hands on a core, once on each engine."""

import pytest

from tests.support.core import make_tenant
from tests.support.own_kind import OwnKind
from tests.support.working import Hands


@pytest.fixture
def core(both_cores):
    return both_cores


@pytest.fixture
def tenant(core):
    return make_tenant(core, "north")


@pytest.fixture
def kind():
    return OwnKind()


@pytest.fixture
def hands(core, kind):
    made = []

    def make(**options):
        made.append(Hands(core, kinds=[kind], **options))
        return made[-1]

    yield make
    for one in made:
        one.engine.close(5)
