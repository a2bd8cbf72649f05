"""The jobs of one record: in order, and a long chain of them is not walked by each claim."""

from dataclasses import replace

import pytest
from sqlalchemy import func, insert, select, text, update

from geminicrm.kernel.ids import new_id
from geminicrm.kernel.jobs import claims
from geminicrm.kernel.jobs.holding import HOLD_SECONDS
from geminicrm.kernel.jobs.jobs import cancel, queue_of
from geminicrm.kernel.jobs.models import JOBS, Job
from geminicrm.kernel.jobs.settling import Outcome, settle
from tests.support import own_kind
from tests.support.core import make_tenant
from tests.support.jobs import row
from tests.support.own_kind import KIND, row_of
from tests.support.visited import visited

CHAIN = 5_000
FEW = 500
"""A tenth of the chain: what no claim may come near."""


@pytest.fixture
def chain(core, tenant):
    """Give a maker of jobs of one record: their ids in order."""

    def make(count, record="lead", **values):
        with core.works.across_workspaces("a chain for a test", write=True) as work:
            rows = [
                {**row(work, tenant.id, kind=KIND, target="t", order_key=record, position=place),
                 "id": new_id("job"), **values}
                for place in range(1, count + 1)
            ]  # fmt: skip
            work.session.execute(insert(JOBS), rows)
            work.session.execute(text("ANALYZE jobs"))  # as the database does by itself in time
        return [one["id"] for one in rows]

    return make


@pytest.fixture
def take(core, tenant):
    """Claim as some worker does; give the jobs and the number of rows that were looked at."""

    def do(owner="one", kinds=(KIND,)):
        found = []
        with core.works.across_workspaces("take", write=True) as work:
            queue = queue_of(tenant.id, "t")
            rows = visited(
                work,
                lambda: found.extend(own_kind.take(work, owner, claims.Claim(queue, kinds))),
            )
        return found, rows

    return do


@pytest.fixture
def end(core):
    """Write down that jobs of a worker were done."""

    def do(jobs, owner="one"):
        with core.works.across_workspaces("settle", write=True) as work:
            settle(work, owner, [Outcome(job=job, how="done") for job in jobs])

    return do


def held(core):
    with core.works.across_workspaces("look") as work:
        return work.session.scalar(select(func.count()).select_from(Job).where(Job.held))


def test_no_claim_walks_a_long_chain(core, chain, take, end):
    ids = chain(CHAIN)
    first, looked = take("one")
    assert [job.id for job in first] == ids[:50]
    assert looked < FEW
    assert take("two")[0] == [], "while the first of them are in other hands"
    assert held(core) == CHAIN - 50, "looked at once, and put off"
    for _ in range(3):
        nothing, looked = take("two")
        assert (nothing, looked < FEW) == ([], True)
    end(first)
    following, looked = take("two")
    assert [job.id for job in following] == ids[50:100]
    assert looked < FEW


def test_a_first_one_that_waits_for_its_next_attempt_is_not_walked_to(core, chain, take, clock):
    ids = chain(CHAIN)
    with core.works.across_workspaces("failed once", write=True) as work:
        work.session.execute(
            update(JOBS)
            .where(JOBS.c.id == ids[0])
            .values(attempts=1, due_at=work.now.replace(year=2030))
        )
    assert take()[0] == []
    nothing, looked = take()
    assert (nothing, looked < FEW) == ([], True)


def test_other_records_pass_a_chain(chain, take):
    chain(CHAIN, "slow")
    take("one")
    wanted = chain(1, "quick")
    found, _looked = take("two")
    assert [job.id for job in found] == wanted


def test_what_follows_one_that_failed_waits_with_it(core, kind, hands, chain, clock):
    failures = [ConnectionError("nobody home")]

    def act(_job, _run):
        for one in failures:
            failures.clear()
            raise one

    kind.act = act
    ids = chain(3)
    others = chain(2, "other")
    worker = hands(threads=1)
    worker.work()
    assert {job.id for job in kind.begun} == {ids[0], *others}
    assert row_of(core, ids[1]).attempts == 0
    clock.advance(2)
    worker.work()
    assert [job.id for job in kind.begun if job.id in ids] == [ids[0], *ids]


def test_one_that_is_cancelled_holds_nobody_up(core, tenant, chain, take, clock):
    ids = chain(2, state="queued")
    with core.works.across_workspaces("later", write=True) as work:
        work.session.execute(
            update(JOBS).where(JOBS.c.id == ids[0]).values(due_at=work.now.replace(year=2030))
        )
    assert (take()[0], held(core)) == ([], 1)
    with core.works.write(tenant.system()) as work:
        cancel(work, work.get(Job, ids[0]))
    assert [job.id for job in take()[0]] == ids[1:]


def test_what_nobody_wakes_is_looked_at_again(core, chain, take, clock):
    ids = chain(2)
    with core.works.across_workspaces("later", write=True) as work:
        work.session.execute(
            update(JOBS).where(JOBS.c.id == ids[0]).values(due_at=work.now.replace(year=2030))
        )
    assert take()[0] == []
    with core.works.across_workspaces("ended by an older version", write=True) as work:
        work.session.execute(update(JOBS).where(JOBS.c.id == ids[0]).values(state="done"))
    assert take()[0] == []
    clock.advance(HOLD_SECONDS)
    assert [job.id for job in take()[0]] == ids[1:]


def test_nothing_is_put_off_for_one_that_is_just_being_ended(make_core, fresh_database):
    """Whoever ends it does not see what is put off meanwhile, and would wake nobody.

    On PostgreSQL alone: SQLite has one writer at a time.
    """
    core = make_core(GEMINICRM_DATABASE_URL=fresh_database())
    tenant = make_tenant(core, "north")
    claim = claims.Claim(queue_of(tenant.id, "t"), (KIND,))
    with core.works.across_workspaces("a chain for a test", write=True) as work:
        same = {"kind": KIND, "target": "t", "order_key": "lead"}
        rows = [row(work, tenant.id, position=place, **same) for place in (1, 2, 3)]
        work.session.execute(insert(JOBS), rows)
        (first,) = own_kind.take(work, "one", replace(claim, most=1))
    with core.works.across_workspaces("one ends it", write=True) as ending:
        settle(ending, "one", [Outcome(job=first, how="done")])
        with core.works.across_workspaces("another takes meanwhile", write=True) as work:
            assert own_kind.take(work, "two", claim) == []
    assert held(core) == 0
    with core.works.across_workspaces("and then", write=True) as work:
        taken = own_kind.take(work, "two", claim)
    assert [job.position for job in taken] == [2, 3]
