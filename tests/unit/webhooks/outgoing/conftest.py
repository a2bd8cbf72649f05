"""Sending webhooks, on each engine."""

import pytest

from tests.support.core import make_tenant


@pytest.fixture
def core(both_cores):
    return both_cores


@pytest.fixture
def tenant(core):
    return make_tenant(core, "north")
