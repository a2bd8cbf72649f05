"""What a killed worker held: what had begun has lost an attempt, the others have lost none."""

import pytest

from geminicrm.kernel.jobs.care import Care
from geminicrm.kernel.jobs.claims import LEASE_SECONDS, Claim, find, lease
from geminicrm.kernel.jobs.jobs import queue_of
from geminicrm.kernel.owners import own_name
from tests.support import own_kind
from tests.support.own_kind import KIND, ask, nothing, row_of
from tests.support.waiting import eventually

DEAD = own_name().rpartition("|")[0] + "|1"  # this process, started at another time
FAR = "a worker of another machine"
_SECONDS = 30


@pytest.fixture
def take(core, tenant):
    def do(owner, target=""):
        with core.works.across_workspaces("take", write=True) as work:
            return own_kind.take(work, owner, Claim(queue_of(tenant.id, target), [KIND]))

    return do


def spent(core, ids):
    return [row_of(core, one).attempts for one in ids]


def test_what_was_only_leased_has_lost_nothing(core, tenant, kind, hands, take):
    ids = [ask(core, tenant) for _ in range(4)]
    assert [job.attempt for job in take(DEAD)] == [1, 1, 1, 1]
    assert spent(core, ids) == [1, 0, 0, 0], "the first one begins as it is taken"
    Care(core.works, own_name()).step()
    assert spent(core, ids) == [1, 0, 0, 0]
    hands().work()
    assert sorted((job.id, job.attempt, job.max_attempts) for job in kind.begun) == [
        (ids[0], 2, 6),
        *((one, 1, 6) for one in ids[1:]),
    ]
    assert {job.told for job in kind.begun} == {2}, "each may have been begun, and is told so"


def test_each_thread_begins_the_first_of_its_own(core, tenant):
    """Those of several queues are leased together; so is what another worker has lost."""
    ids = [ask(core, tenant, target) for target in ("a", "a", "b", "b")]
    with core.works.across_workspaces("take", write=True) as work:
        found = [find(work, Claim(queue_of(tenant.id, target), [KIND])) for target in ("a", "b")]
        taken = lease(work, DEAD, found)
    assert [[job.id for job in jobs] for jobs in taken] == [ids[:2], ids[2:]]
    assert spent(core, ids) == [1, 0, 1, 0]
    assert [row_of(core, one).started_at is None for one in ids] == [False, True, False, True]


def test_so_it_is_where_only_the_lease_tells(core, tenant, kind, hands, take, clock):
    ids = [ask(core, tenant) for _ in range(3)]
    take(FAR)
    clock.advance(LEASE_SECONDS + 1)
    assert [job.id for job in take(FAR)] == ids[:1], "alone"
    hands().work()
    assert sorted((job.id, job.attempt, job.again) for job in kind.begun) == [
        (ids[1], 1, True),
        (ids[2], 1, True),
    ]
    assert [row_of(core, one).unsure for one in ids] == [0, 1, 1]


@pytest.mark.usefixtures("often")
def test_one_that_runs_behind_another_is_known_to_have_begun(core, tenant, kind, hands):
    ids = [ask(core, tenant) for _ in range(3)]
    acts = {ids[0]: nothing}
    kind.act = lambda job, run: acts.get(job.id, kind.wait)(job, run)
    worker = hands(threads=1)

    def looked():
        worker.engine.turn()
        return row_of(core, ids[1]).started_at

    eventually(looked, _SECONDS)
    assert spent(core, ids[1:]) == [1, 0]
    kind.gate.set()
    worker.work()
    assert [row_of(core, one).attempts for one in ids] == [1, 1, 1]


def test_what_was_in_the_hands_of_many_that_died_still_has_all_its_attempts(
    core, tenant, kind, hands, take
):
    """Poison beside it, and only in the end it comes to be done."""
    first, second = ask(core, tenant), ask(core, tenant)
    take(DEAD)
    Care(core.works, own_name()).step()
    assert [job.id for job in take(DEAD)] == [first]
    Care(core.works, own_name()).step()
    hands().work()
    done = row_of(core, second)
    assert (done.state, done.attempts, done.max_attempts) == ("done", 1, 6)
    assert row_of(core, first).tries[-1]["error"] == "the worker was killed while it ran"


def test_what_workers_died_over_runs_one_at_a_time_beside_all_others(
    core, tenant, kind, hands, take
):
    """Whatever of it kills this worker too takes none of the rest along a second time."""
    suspects = [ask(core, tenant, target) for target in ("one", "two", "three")]
    for target in ("one", "two", "three"):
        take(DEAD, target)
    Care(core.works, own_name()).step()
    others = [ask(core, tenant, target) for target in ("one", "four")]
    kind.act = kind.wait
    worker = hands(threads=8)

    def begun():
        worker.engine.turn()
        return len(kind.begun) == 1 + len(others)

    eventually(begun, _SECONDS)
    for _ in range(3):
        worker.engine.turn()
    assert len({job.id for job in kind.begun} & set(suspects)) == 1
    assert {job.id for job in kind.begun} > set(others)
    kind.gate.set()
    worker.work()
    assert {job.id for job in kind.begun} == {*suspects, *others}
