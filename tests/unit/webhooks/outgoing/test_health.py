"""The circuit breaker, and when an endpoint is switched off."""

from datetime import UTC, datetime, timedelta
from functools import reduce

import pytest

from geminicrm.webhooks.outgoing.health import BREAKER, Health, Tried, after, is_hopeless

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def failed(hours=0.0, wait=None):
    return Tried(NOW + timedelta(hours=hours), 500, "status", "It answered 500.", wait)


def worked(hours=0.0):
    return Tried(NOW + timedelta(hours=hours), 200, "", "")


def after_all(*tried):
    return reduce(after, tried, Health())


def test_nine_failures_leave_the_breaker_closed_and_the_tenth_opens_it():
    nine = after_all(*[failed()] * 9)
    assert (nine.failures, nine.open_until) == (9, None)
    ten = after(nine, failed())
    assert ten.open_until == NOW + timedelta(seconds=30)


@pytest.mark.parametrize(("more", "seconds"), [(1, 60), (2, 120), (3, 240), (5, 900), (50, 900)])
def test_each_probe_that_fails_opens_it_for_longer(more, seconds):
    health = after_all(*[failed()] * (BREAKER + more))
    assert health.open_until == NOW + timedelta(seconds=seconds)


def test_one_success_closes_it_and_resets_the_days():
    health = after_all(*[failed()] * 12, worked(1))
    assert (health.failures, health.failing_since, health.open_until) == (0, None, None)
    assert health.delivered_at == NOW + timedelta(hours=1)


def test_what_a_receiver_asked_for_holds_though_another_one_arrives():
    asked = after_all(failed(wait=600.0))
    assert asked.open_until == NOW + timedelta(seconds=600)
    assert after(asked, worked()).open_until == asked.open_until


def test_the_longer_of_pause_and_wish_holds():
    health = after_all(*[failed()] * 9, failed(wait=3600.0))
    assert health.open_until == NOW + timedelta(hours=1)


@pytest.mark.parametrize(
    ("tried", "hopeless"),
    [
        ((failed(), failed(119)), False),
        ((failed(), failed(120)), True),
        ((failed(), worked(60), failed(61), failed(121)), False),
        ((failed(), worked(60), failed(61), failed(181)), True),
        ((failed(),), False),
        ((worked(),), False),
    ],
)
def test_five_days_of_nothing_but_failures_are_hopeless(tried, hopeless):
    assert is_hopeless(after_all(*tried)) is hopeless
