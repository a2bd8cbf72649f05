from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geminicrm.kernel.clock import FixedClock
from geminicrm.kernel.limits import Breaker, Bulkhead, SlidingWindow, Throttle, window_start

TOGETHER = 8


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2026, 11, 21, tzinfo=UTC))


@pytest.mark.parametrize(("now", "start"), [(0, 0), (59.9, 0), (60, 60), (125, 120)])
def test_fixed_windows_start_at_their_multiples(now: float, start: int) -> None:
    assert window_start(now, 60) == start


def test_a_window_counts_and_slides() -> None:
    window = SlidingWindow(60).counted(600, 10)
    assert window.estimate(630) == 10
    assert window.estimate(660) == 10
    assert window.estimate(690) == 5
    assert window.estimate(720) == 0
    assert window.counted(690).estimate(690) == 6


def test_a_clock_that_went_back_keeps_the_count() -> None:
    window = SlidingWindow(60).counted(660, 3)
    assert window.estimate(600) == 3
    assert window.counted(600).estimate(660) == 4


def test_a_window_allows_up_to_its_limit() -> None:
    window = SlidingWindow(60).counted(600, 9)
    assert window.allows(601, 10)
    assert window.retry_after(601, 10) == 0
    assert not window.counted(601).allows(601, 10)


@given(
    st.integers(0, 50),
    st.integers(0, 50),
    st.integers(1, 20),
    st.floats(0, 59, allow_nan=False),
)
def test_after_the_wait_one_more_call_is_allowed(
    previous: int, current: int, limit: int, elapsed: float
) -> None:
    window = SlidingWindow(60, 600, previous, current)
    now = 600 + elapsed
    wait = window.retry_after(now, limit)
    assert window.allows(now + wait + 1e-6, limit)
    assert (wait == 0) is window.allows(now, limit)


def test_a_throttle_takes_its_capacity_and_refills(clock: FixedClock) -> None:
    throttle = Throttle(clock, capacity=3, per_seconds=6)
    assert [throttle.try_take("a") for _ in range(4)] == [True, True, True, False]
    assert throttle.retry_after("a") == 2
    assert throttle.try_take("b")
    clock.advance(2)
    assert throttle.retry_after("a") == 0
    assert [throttle.try_take("a") for _ in range(2)] == [True, False]
    clock.advance(3600)
    assert throttle.try_take("a", 3)
    assert not throttle.try_take("a", 1)


def test_a_throttle_survives_a_clock_set_back(clock: FixedClock) -> None:
    throttle = Throttle(clock, capacity=1, per_seconds=1)
    assert throttle.try_take()
    clock.advance(-100)
    assert not throttle.try_take()
    clock.advance(1)
    assert throttle.try_take()


def test_a_throttle_forgets_the_key_unused_for_longest(clock: FixedClock) -> None:
    throttle = Throttle(clock, capacity=1, per_seconds=3600)
    assert throttle.try_take("first")
    assert all(throttle.try_take(f"key {number}") for number in range(10_000))
    assert throttle.try_take("first")
    assert not throttle.try_take("key 9999")


def test_threads_together_take_no_more_than_there_is(clock: FixedClock) -> None:
    throttle = Throttle(clock, capacity=100, per_seconds=1)
    with ThreadPoolExecutor(TOGETHER) as pool:
        taken = list(pool.map(lambda _: throttle.try_take(), range(400)))
    assert sum(taken) == 100


@pytest.fixture
def breaker(clock: FixedClock) -> Breaker:
    return Breaker(clock, failures=3, window=60, open_seconds=30)


def repeat(times: int, action: Callable[[], None]) -> None:
    for _ in range(times):
        action()


def test_failures_in_a_row_open_the_breaker(breaker: Breaker) -> None:
    repeat(2, breaker.failure)
    assert (breaker.state, breaker.allow()) == ("closed", True)
    breaker.failure()
    assert (breaker.state, breaker.allow()) == ("open", False)


def test_old_failures_are_forgotten(breaker: Breaker, clock: FixedClock) -> None:
    repeat(2, breaker.failure)
    clock.advance(61)
    repeat(2, breaker.failure)
    assert breaker.state == "closed"


def test_a_success_takes_one_failure_away(breaker: Breaker) -> None:
    breaker.success()
    repeat(2, breaker.failure)
    breaker.success()
    breaker.failure()
    assert breaker.state == "closed"
    breaker.failure()
    assert breaker.state == "open"


def test_half_open_lets_one_probe_through(breaker: Breaker, clock: FixedClock) -> None:
    repeat(3, breaker.failure)
    clock.advance(30)
    assert breaker.state == "half-open"
    assert [breaker.allow() for _ in range(3)] == [True, False, False]


def test_a_good_probe_closes(breaker: Breaker, clock: FixedClock) -> None:
    repeat(3, breaker.failure)
    clock.advance(30)
    assert breaker.allow()
    breaker.success()
    assert breaker.state == "closed"
    repeat(2, breaker.failure)
    assert breaker.allow()


def test_a_bad_probe_opens_again(breaker: Breaker, clock: FixedClock) -> None:
    repeat(3, breaker.failure)
    clock.advance(30)
    assert breaker.allow()
    breaker.failure()
    assert breaker.state == "open"
    clock.advance(29)
    assert not breaker.allow()
    clock.advance(1)
    assert breaker.allow()


def test_a_probe_that_never_reports_is_followed_by_another(
    breaker: Breaker, clock: FixedClock
) -> None:
    repeat(3, breaker.failure)
    clock.advance(30)
    assert breaker.allow()
    clock.advance(30)
    assert [breaker.allow(), breaker.allow()] == [True, False]


def test_late_reports_while_open_change_nothing(breaker: Breaker, clock: FixedClock) -> None:
    repeat(3, breaker.failure)
    clock.advance(20)
    breaker.success()
    breaker.failure()
    assert breaker.state == "open"
    clock.advance(10)
    assert breaker.state == "half-open"


def test_a_bulkhead_holds_each_key_and_the_whole() -> None:
    bulkhead = Bulkhead(3)
    assert [bulkhead.try_enter("a", 2) for _ in range(3)] == [True, True, False]
    assert [bulkhead.try_enter("b", 2) for _ in range(2)] == [True, False]
    bulkhead.leave("a")
    assert bulkhead.try_enter("b", 2)
    bulkhead.leave("a")
    assert bulkhead.try_enter("c", 1)


def test_leaving_without_entering_is_a_fault() -> None:
    bulkhead = Bulkhead(1)
    assert bulkhead.try_enter("a", 1)
    bulkhead.leave("a")
    with pytest.raises(RuntimeError, match="without try_enter"):
        bulkhead.leave("a")


def test_threads_together_never_pass_the_bulkhead() -> None:
    bulkhead = Bulkhead(5)
    with ThreadPoolExecutor(TOGETHER) as pool:
        entered = list(pool.map(lambda number: bulkhead.try_enter(str(number), 1), range(100)))
    assert sum(entered) == 5
