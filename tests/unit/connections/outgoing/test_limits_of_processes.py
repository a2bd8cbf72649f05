"""Limits that several processes keep together, on each engine."""

import time

import pytest
from sqlalchemy import select

from geminicrm.connections.models import ConnectionUse
from tests.support.connecting import connect
from tests.support.turn_takers import LIMIT

TURNS = 15


@pytest.fixture
def core(both_cores):
    return both_cores


def test_two_processes_together_stay_within_a_limit(stripe, start_beside):
    connection = connect(stripe, api_key="sk_test_of_north_0123456789")
    words = (connection, "5", str(TURNS))
    both = start_beside(stripe.core.settings, 2, "tests.support.turn_takers", *words)
    begun = time.time()
    for one in both:
        one.go()
    had = sorted(at for one in both for at in one.answer())
    assert len(had) == 2 * TURNS
    # 10 may go in any second: the thirtieth comes two seconds after the first at the earliest.
    assert had[-1] - begun >= (2 * TURNS / LIMIT.most - 1) * LIMIT.seconds
    with stripe.core.works.across_workspaces("test: look") as work:
        assert work.session.scalars(select(ConnectionUse.used)).all() == [2 * TURNS]
