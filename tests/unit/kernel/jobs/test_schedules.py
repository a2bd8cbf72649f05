"""Schedules: the right time in any zone, once, whoever ticks and whatever the clock does."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from geminicrm.kernel.jobs.care import Care
from geminicrm.kernel.jobs.models import SCHEDULES, Job, Schedule
from geminicrm.kernel.jobs.schedules import (
    Schedules,
    Wanted,
    cron_fault,
    keep_schedules,
    next_time,
    planned_time,
)
from tests.support.own_kind import KIND, nothing
from tests.support.working import Hands

DAILY = "30 2 * * *"


@pytest.fixture
def keep(core, tenant):
    """Give a function that makes the schedules of a target those that are wanted."""

    def do(*wanted, target="t"):
        with core.works.write(tenant.system()) as work:
            keep_schedules(work, tenant.id, KIND, target, wanted)

    return do


@pytest.fixture
def schedules(core):
    return Schedules(core.works)


def wanted(name="nightly", cron=DAILY, zone="Europe/Berlin", seconds=30):
    return Wanted(name=name, cron=cron, zone=zone, seconds=seconds)


def rows(core, model):
    with core.works.across_workspaces("look") as work:
        return work.session.scalars(select(model).order_by(model.id)).all()


def following(zone, *after, cron=DAILY):
    return next_time(cron, zone, datetime(*after, tzinfo=UTC))


def test_where_clocks_go_forward_what_is_left_out_comes_right_after_the_gap():
    # On 29 March 2026 Berlin goes from 2:00 to 3:00, which is 1:00 UTC.
    assert following("Europe/Berlin", 2026, 3, 28, 12) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    assert following("Europe/Berlin", 2026, 3, 29, 1) == datetime(2026, 3, 30, 0, 30, tzinfo=UTC)


def test_where_clocks_go_back_what_comes_twice_counts_once():
    # On 25 October 2026 Berlin has 2:30 twice: at 0:30 and at 1:30 UTC.
    first = following("Europe/Berlin", 2026, 10, 24, 12)
    assert first == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    second = next_time(DAILY, "Europe/Berlin", first)
    assert second == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize("zone", ["Nowhere/Town", "Europe", "../etc/passwd", ""])
def test_an_unknown_zone_is_read_as_utc(zone):
    assert following(zone, 2026, 3, 28, 12) == datetime(2026, 3, 29, 2, 30, tzinfo=UTC)


@pytest.mark.parametrize("cron", ["nonsense", "61 * * * *", "0 0 31 2 *", "* * * *"])
def test_a_wrong_cron_is_said(cron):
    assert cron_fault(cron)
    assert cron_fault(DAILY) is None


def test_what_was_missed_comes_once(core, keep, schedules, clock):
    keep(wanted())
    clock.advance(10 * 86_400)
    assert schedules.tick() == 1
    assert schedules.tick() == 0
    (job,) = rows(core, Job)
    assert (job.kind, job.target, job.seconds, job.max_attempts) == (KIND, "t", 30, 3)
    (row,) = rows(core, Schedule)
    assert clock.now() < row.next_at <= clock.now() + timedelta(days=1)
    assert (row.last_at, row.last_job_id) == (clock.now(), job.id)


def test_a_run_that_waits_or_runs_is_not_overtaken(core, keep, schedules, clock, kind, hands):
    keep(wanted())
    for _ in range(3):
        clock.advance(86_400)
        schedules.tick()
    assert len(rows(core, Job)) == 1
    hands().work()
    clock.advance(86_400)
    schedules.tick()
    hands().work()
    assert len(kind.begun) == 2
    assert [planned_time(job).day for job in kind.begun] == [22, 25], "when it was planned"


def test_many_machines_that_tick_at_once_make_one_job(core, keep, clock):
    keep(*(wanted(f"one {number}") for number in range(5)))
    clock.advance(2 * 86_400)
    together = threading.Barrier(4)
    made = []

    def tick():
        together.wait(30)
        made.append(Schedules(core.works).tick())

    threads = [threading.Thread(target=tick) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sum(made) == 5
    assert len(rows(core, Job)) == 5


def test_a_clock_that_was_a_year_ahead_and_is_set_right_keeps_nothing_waiting(
    core, keep, schedules, clock
):
    clock.advance(365 * 86_400)
    keep(wanted("has run", cron="0 * * * *"), wanted("has never run"))
    clock.advance(3_600)
    assert schedules.tick() == 1
    clock.advance(-365 * 86_400)
    Care(core.works, "somebody").step()
    for row in rows(core, Schedule):
        assert row.next_at == next_time(row.cron, row.zone, clock.now())


def test_a_clock_that_is_put_right_by_a_little_makes_no_run_come_twice(
    core, keep, schedules, clock, hands
):
    keep(wanted("hourly", cron="0 * * * *"))
    clock.advance(3_600.5)
    assert schedules.tick() == 1
    hands().work()
    clock.advance(-2)
    Care(core.works, "somebody").step()
    assert schedules.tick() == 0
    clock.advance(5)
    assert schedules.tick() == 0


def test_what_is_wanted_no_more_goes_and_what_has_not_changed_stays(core, keep, clock):
    keep(wanted(), wanted("weekly", cron="0 5 * * 1"))
    before = {row.name: (row.id, row.next_at) for row in rows(core, Schedule)}
    clock.advance(3 * 86_400)
    keep(wanted(seconds=50), wanted("monthly", cron="0 5 1 * *"))
    after = {row.name: (row.id, row.next_at) for row in rows(core, Schedule)}
    assert after["nightly"] == before["nightly"]
    assert set(after) == {"nightly", "monthly"}
    with core.works.across_workspaces("switch off", write=True) as work:
        work.session.execute(update(SCHEDULES).values(enabled=False))
    clock.advance(60 * 86_400)
    assert Schedules(core.works).tick() == 0


def test_it_counts_how_often_in_a_row_it_has_failed(core, keep, schedules, clock, kind):
    def act(_job, _run):
        raise ConnectionError("nobody home")

    kind.act = act
    keep(wanted())
    worker = Hands(core, kinds=[kind], watchers=[schedules])
    for _day in range(2):
        clock.advance(86_400)
        schedules.tick()
        for _attempt in range(3):
            worker.work()
            clock.advance(60)
    assert [row.failures for row in rows(core, Schedule)] == [2]
    kind.act = nothing
    clock.advance(86_400)
    schedules.tick()
    worker.work()
    worker.close()
    assert [row.failures for row in rows(core, Schedule)] == [0]
