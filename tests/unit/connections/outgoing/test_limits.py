"""Limits that all workers keep together, counted in the table."""

import math
import threading
import time

import pytest
from sqlalchemy import select

from extensions.sdk.service_errors import RateLimited
from geminicrm.connections.models import ConnectionUse
from geminicrm.connections.outgoing.limits import Limits
from geminicrm.connections.outgoing.pace import Pace
from geminicrm.connections.outgoing.turns import Turns, largest_block
from geminicrm.connections.ways import Limit


@pytest.mark.parametrize(
    ("most", "seconds"), [(1, 1), (2, 1), (5, 1), (9, 60), (10, 1), (100, 10), (100, 1), (7, 3599)]
)
def test_no_stretch_of_time_has_more_turns_than_are_allowed(most: int, seconds: int):
    turns = Turns.of(Limit(id="x", counts="requests", most=most, seconds=seconds, label="",
                           setting=None))  # fmt: skip
    now, tat, gone = 1_800_000_000.0, 0.0, []
    for _ in range(5 * most):
        tat, wait = turns.after(tat, now, 1)
        now += wait
        gone.append(now)
    busiest = max(sum(at <= one < at + seconds - 1e-3 for one in gone) for at in gone)
    assert busiest <= most
    assert busiest >= math.floor(0.8 * most)


@pytest.mark.parametrize(
    ("most", "seconds", "block"),
    [
        (5, 1, 1), (19, 1, 1), (100, 10, 1), (100, 1, 4), (1000, 1, 40),
        (5000, 3600, 1), (500, 86400, 1),
    ],
)  # fmt: skip
def test_only_fast_limits_are_taken_in_blocks(most: int, seconds: int, block: int):
    limit = Limit(id="x", counts="requests", most=most, seconds=seconds, label="", setting=None)
    assert largest_block(limit) == block


def uses(caller) -> dict[str, int]:
    with caller.core.works.across_workspaces("test: look") as work:
        return {row.limit_id: row.used for row in work.session.scalars(select(ConnectionUse))}


def test_two_workers_take_turns_of_one_limit(caller, limit):
    one, other = caller.process().limits, caller.process().limits
    opened = caller.opened(limit(5, 1))
    for limits in (one, other) * 5:
        limits.take(opened, "requests")
    assert caller.pace.slept == [0.2] * 9


def test_who_has_not_so_long_gets_no_turn_and_takes_none(caller, limit):
    limits = caller.process().limits
    opened = caller.opened(limit(1, 60))
    limits.take(opened, "requests")
    for _ in range(2):
        with pytest.raises(RateLimited, match="allows 1 requests in 60 s") as caught:
            limits.take(opened, "requests", seconds=30)
    assert (caught.value.retry_after, caught.value.accepted) == (60, "no")
    limits.take(opened, "requests", seconds=60)
    assert caller.pace.slept == [60.0]


def test_a_quota_ends_with_its_day(caller, limit, clock):
    limits = caller.process().limits
    opened = caller.opened(limit(3, 86_400, "messages", id="daily"))
    limits.take(opened, "messages", 3)
    with pytest.raises(RateLimited) as caught:
        limits.take(opened, "messages")
    assert caught.value.retry_after == 15 * 3600
    assert uses(caller) == {"daily": 3}
    clock.advance(15 * 3600)
    limits.take(opened, "messages")
    assert uses(caller) == {"daily": 1}


def test_a_full_quota_leaves_the_other_limits_as_they_were(caller, limit):
    limits = caller.process().limits
    opened = caller.opened(limit(9, 3600, id="hour"), limit(1, 86_400, id="day"))
    limits.take(opened, "requests")
    with pytest.raises(RateLimited):
        limits.take(opened, "requests")
    assert uses(caller) == {"hour": 1, "day": 1}


def test_an_admin_may_set_another_number(caller, limit):
    limits = caller.process().limits
    opened = caller.opened(limit(1, 86_400, "messages", setting="daily"), daily="2")
    limits.take(opened, "messages", 2)
    with pytest.raises(RateLimited, match="allows 2 messages"):
        limits.take(opened, "messages")


@pytest.mark.parametrize("given", ["", "many", "-1", "0", None])
def test_a_number_that_is_none_leaves_the_manifests(caller, limit, given):
    limits = caller.process().limits
    opened = caller.opened(limit(1, 86_400, "messages", setting="daily"), daily=given)
    limits.take(opened, "messages")
    with pytest.raises(RateLimited, match="allows 1 messages"):
        limits.take(opened, "messages")


def test_what_is_not_limited_is_not_counted(caller, limit):
    opened = caller.opened(limit(1, 60, "messages"))
    caller.process().limits.take(opened, "requests")
    assert uses(caller) == {}


def test_a_busy_process_takes_several_turns_at_once_and_they_lapse(caller, limit):
    limits = caller.process().limits
    opened = caller.opened(limit(1000, 1, id="fast"))
    for _ in range(7):
        limits.take(opened, "requests")
    assert uses(caller) == {"fast": 7}  # 1, 2 and 4
    limits.take(opened, "requests")
    assert uses(caller) == {"fast": 15}
    caller.pace.now += 1
    limits.take(opened, "requests")
    assert uses(caller) == {"fast": 16}


def test_many_threads_of_many_workers_stay_within_the_limit(caller, limit):
    opened = caller.opened(limit(10, 1))
    works = caller.core.works
    gone: list[float] = []

    def work() -> None:
        limits = Limits(works, Pace())
        for _ in range(3):
            limits.take(opened, "requests")
            gone.append(time.monotonic())

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(gone) == 18
    assert uses(caller) == {opened.service.limits[0].id: 18}
