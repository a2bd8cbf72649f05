"""What is kept and what goes: in time, in parts, and never because the clock is wrong."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from geminicrm.kernel.events import Event
from geminicrm.kernel.jobs import care as care_module
from geminicrm.kernel.jobs import retention
from geminicrm.kernel.jobs.care import Care
from geminicrm.kernel.jobs.models import AT_ONCE, JOBS, Job
from geminicrm.kernel.jobs.retention import DEAD_DAYS, DONE_DAYS, EVENT_DAYS
from geminicrm.kernel.outbox import OutboxEvent, OutboxPosition
from geminicrm.kernel.relay import Relay
from tests.support.own_kind import ask

DAY = 86_400


class Happened(Event):
    type = "thing.happened"


class Book:
    name, ordered, seconds = "book", False, 5

    def targets(self, event):
        return ["a"] if event.object_id == "wanted" else []

    def deliver(self, target, event, attempt):
        return None


@pytest.fixture
def uptime(clock, monkeypatch):
    """Let the machine's own time go with the clock; give what sets the clock alone."""
    start = clock.now()
    skew = [0.0]

    def read(_which):
        return (clock.now() - start).total_seconds() - skew[0]

    def jump(seconds):
        skew[0] += seconds
        clock.advance(seconds)

    monkeypatch.setattr(care_module.time, "clock_gettime", read)
    return jump


@pytest.fixture
def care(core, uptime):
    made = Care(core.works, "somebody")
    made.step()
    return made


def end(core, job_id, state, at):
    with core.works.across_workspaces("end", write=True) as work:
        work.session.execute(
            update(JOBS).where(Job.id == job_id).values(state=state, finished_at=at)
        )


def left(core, what):
    with core.works.across_workspaces("look") as work:
        return set(work.session.scalars(select(what)))


def happen(core, tenant, *object_ids):
    for object_id in object_ids:
        with core.works.write(tenant.system()) as work:
            work.record(Happened(object_id=object_id, object_version=1, data={}))
    Relay(core.works, [Book()], core.metrics).step()


def test_jobs_that_have_ended_are_kept_for_their_time(core, tenant, clock, care):
    for state in ("done", "cancelled", "dead"):
        end(core, ask(core, tenant), state, clock.now())
    open_one = ask(core, tenant)
    kept = {}
    for days in (DONE_DAYS - 1, DONE_DAYS + 1, DEAD_DAYS + 1):
        clock.advance((days * DAY) - (clock.now() - clock_start(core, open_one)).total_seconds())
        care.step()
        care.sweep()
        kept[days] = left(core, Job.state)
    assert kept == {
        DONE_DAYS - 1: {"done", "cancelled", "dead", "queued"},
        DONE_DAYS + 1: {"dead", "queued"},
        DEAD_DAYS + 1: {"queued"},
    }


def clock_start(core, job_id):
    with core.works.across_workspaces("look") as work:
        return work.session.scalar(select(Job.created_at).where(Job.id == job_id))


def test_events_go_in_parts_except_those_that_somebody_is_still_to_be_told_of(
    core, tenant, clock, care, monkeypatch
):
    monkeypatch.setattr(retention, "BATCH", 2)
    happen(core, tenant, "a", "b", "c", "wanted", "d")
    clock.advance((EVENT_DAYS + 1) * DAY)
    happen(core, tenant, "young")
    with core.works.write(tenant.system()) as work:
        work.record(Happened(object_id="unplaced", object_version=1, data={}))
    care.step()
    care.sweep()
    assert left(core, OutboxEvent.object_id) == {"wanted", "young", "unplaced"}
    assert left(core, OutboxPosition.pruned) == {5}
    assert left(core, OutboxPosition.last) == {6}
    with core.works.across_workspaces("told", write=True) as work:
        work.session.delete(work.session.scalars(select(Job)).one())
    care.sweep()
    assert left(core, OutboxEvent.object_id) == {"young", "unplaced"}
    assert left(core, OutboxPosition.pruned) == {5}


def test_nothing_goes_because_the_clock_was_set_ahead(core, tenant, clock, care, uptime):
    end(core, ask(core, tenant), "done", clock.now())
    happen(core, tenant, "a")
    uptime(365 * DAY)
    care.step()
    care.sweep()
    assert left(core, Job.state) == {"done"}
    assert left(core, OutboxEvent.object_id) == {"a"}
    uptime(-365 * DAY)
    care.step()
    assert left(core, Job.due_at) == {AT_ONCE}


def test_a_clock_that_is_put_right_by_an_hour_does_not_end_the_sweeping(
    core, tenant, clock, care, uptime
):
    end(core, ask(core, tenant), "done", clock.now() - timedelta(days=DONE_DAYS + 1))
    uptime(3_600)
    care.step()
    care.sweep()
    assert left(core, Job.state) == set()
