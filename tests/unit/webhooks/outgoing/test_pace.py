"""The pace of an endpoint."""

import pytest

from geminicrm.webhooks.outgoing.pace import seconds_to_wait, starts

NOW = 1_000_000.0


def test_without_a_rate_all_start_now():
    assert starts(0.0, NOW, None, 3).times == (NOW, NOW, NOW)


def test_starts_are_evenly_spread_and_no_further_ahead_than_the_horizon():
    given = starts(0.0, NOW, 10, 50)
    assert given.times == pytest.approx((NOW, NOW + 0.1, NOW + 0.2))
    assert given.tat == pytest.approx(NOW + 0.3)


def test_the_next_ones_follow_those_that_were_given_out():
    first = starts(0.0, NOW, 10, 50)
    second = starts(first.tat, NOW + 0.2, 10, 50)
    assert second.times == pytest.approx((NOW + 0.3, NOW + 0.4))


def test_no_second_ever_has_more_than_eleven():
    times, tat = [], 0.0
    for step in range(400):
        given = starts(tat, NOW + step * 0.017, 10, 7)
        times += given.times
        tat = given.tat
    assert times == sorted(times)
    gaps = [later - earlier for earlier, later in zip(times, times[10:], strict=False)]
    assert min(gaps) >= 1.0 - 1e-6
    assert len(times) >= 66


def test_a_clock_that_was_set_back_holds_nobody_up():
    assert starts(NOW + 3600, NOW, 10, 1).times == (NOW,)
    assert seconds_to_wait(NOW + 3600, NOW, 10) == 0.0


@pytest.mark.parametrize(
    ("ahead", "rate", "wait"), [(0.0, 10, 0.0), (0.3, 10, 0.05), (0.3, None, 0.0), (-5.0, 1, 0.0)]
)
def test_how_long_to_wait(ahead, rate, wait):
    assert seconds_to_wait(NOW + ahead, NOW, rate) == pytest.approx(wait)
