"""Workers' hands on a core, once on each engine."""

import pytest

from geminicrm.kernel.jobs import engine
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
    made = OwnKind()
    yield made
    made.gate.set()


@pytest.fixture
def hands(core, kind):
    made = []

    def make(**options):
        made.append(Hands(core, kinds=[kind], **options))
        return made[-1]

    yield make
    kind.gate.set()
    for one in made:
        one.engine.close(5)


@pytest.fixture
def often(monkeypatch):
    """Let engines look after what runs in every turn."""
    monkeypatch.setattr(engine, "_LOOK_SECONDS", 0.0)
