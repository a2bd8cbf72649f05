"""Cancelling and asking again, whatever the job is doing meanwhile; one job for each unique key."""

import threading

import pytest
from sqlalchemy import func, select

from geminicrm.kernel.errors import Conflict
from geminicrm.kernel.jobs.jobs import again, cancel
from geminicrm.kernel.jobs.models import Job
from tests.support.own_kind import ask, row_of
from tests.support.waiting import eventually

_SECONDS = 30


@pytest.fixture
def change(core, tenant):
    """Give a function that does something to the row of a job."""

    def do(act, job_id):
        with core.works.write(tenant.system()) as work:
            act(work, work.get(Job, job_id))

    return do


def turning(worker, check):
    def turned():
        worker.engine.turn()
        return check()

    return eventually(turned, _SECONDS)


def test_one_that_waits_is_cancelled_and_may_run_again(core, tenant, kind, hands, change):
    wanted = ask(core, tenant)
    change(cancel, wanted)
    hands().work()
    assert (row_of(core, wanted).state, kind.begun) == ("cancelled", [])
    change(again, wanted)
    hands().work()
    assert row_of(core, wanted).state == "done"
    for act in (cancel, again):
        with pytest.raises(Conflict):
            change(act, wanted)


@pytest.mark.usefixtures("often")
def test_one_that_runs_ends_when_it_looks(core, tenant, kind, hands, change):
    kind.act = lambda _job, run: eventually(lambda: run.check() is not None, _SECONDS)
    wanted = ask(core, tenant)
    worker = hands()
    turning(worker, lambda: kind.begun)
    change(cancel, wanted)
    turning(worker, lambda: row_of(core, wanted).state == "cancelled")
    assert row_of(core, wanted).last_error == "somebody has cancelled it"


@pytest.mark.usefixtures("often")
def test_one_that_waits_in_a_workers_hands_is_not_begun(core, tenant, kind, hands, change):
    kind.act = kind.wait
    first, second = ask(core, tenant), ask(core, tenant)
    worker = hands(threads=1)
    turning(worker, lambda: kind.begun)
    assert row_of(core, second).state == "running"
    change(cancel, second)
    turning(worker, lambda: True)
    kind.gate.set()
    worker.work()
    assert [job.id for job in kind.begun] == [first]
    assert row_of(core, second).state == "cancelled"


def test_one_that_fails_after_it_was_cancelled_does_not_come_back(
    core, tenant, kind, hands, change
):
    def act(_job, _run):
        kind.gate.wait()
        raise ConnectionError("nobody home")

    kind.act = act
    wanted = ask(core, tenant)
    worker = hands(threads=1)
    turning(worker, lambda: kind.begun)
    change(cancel, wanted)
    kind.gate.set()
    worker.work()
    found = row_of(core, wanted)
    assert (found.state, found.last_error) == ("cancelled", "ConnectionError: nobody home")
    assert found.finished_at is not None


def test_one_that_failed_for_good_runs_again_and_counts_on(core, tenant, kind, hands, change):
    def act(job, _run):
        raise ConnectionError(f"attempt {job.attempt}")

    kind.act = act
    wanted = ask(core, tenant, max_attempts=1, unique_key="k")
    hands().work()
    assert row_of(core, wanted).state == "dead"
    other = ask(core, tenant, unique_key="k", delay_seconds=60)
    with pytest.raises(Conflict, match="same key"):
        change(again, wanted)
    change(cancel, other)
    change(again, wanted)
    kind.act = lambda job, _run: {"attempt": job.attempt}
    hands().work()
    assert row_of(core, wanted).result == {"attempt": 2}


def test_one_key_has_one_open_job_however_many_ask_at_once(core, tenant, kind, hands):
    together = threading.Barrier(4)
    got = []

    def asking():
        for number in range(10):
            together.wait(_SECONDS)
            got.append((number, ask(core, tenant, unique_key=f"key {number}")))

    threads = [threading.Thread(target=asking) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(_SECONDS)
    assert len(got) == 40
    assert len(set(got)) == 10, "all who asked got the same one"
    hands().work()
    assert ask(core, tenant, unique_key="key 1") not in {job_id for _, job_id in got}
    with core.works.across_workspaces("count") as work:
        assert work.session.scalar(select(func.count()).select_from(Job)) == 11
