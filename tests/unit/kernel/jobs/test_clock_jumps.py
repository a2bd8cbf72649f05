"""The clock jumps both ways: nothing is lost, done twice by the living, or waits for long."""

from datetime import timedelta

import pytest
from sqlalchemy.exc import OperationalError

from geminicrm.kernel.events import Event
from geminicrm.kernel.jobs import care as care_module
from geminicrm.kernel.jobs.care import Care
from geminicrm.kernel.jobs.claims import LEASE_SECONDS, Claim
from geminicrm.kernel.jobs.jobs import queue_of
from geminicrm.kernel.jobs.kinds import Postponed
from geminicrm.kernel.outbox import Sink
from tests.support.own_kind import KIND, ask, row_of, take
from tests.support.working import Hands

HOUR = 3_600
MOST = 31 * 60


class Machine:
    """Its time goes on by itself, the clock with it unless it is set; `care` follows both."""

    def __init__(self, core, clock):
        self.uptime = 1_000.0
        self.care = Care(core.works, "watcher")
        self._clock = clock

    def now(self):
        return self._clock.now()

    def pass_by(self, seconds):
        self.uptime += seconds
        self._clock.advance(seconds)

    def jump(self, seconds):
        self._clock.advance(seconds)

    def set_clock(self, seconds):
        self.jump(seconds)
        self.care.step()

    def clock_gettime(self, _which):
        return self.uptime


@pytest.fixture
def machine(core, clock, monkeypatch):
    made = Machine(core, clock)
    monkeypatch.setattr(care_module.time, "clock_gettime", made.clock_gettime)
    made.care.step()
    return made


def lease(core, tenant, owner):
    with core.works.across_workspaces("take", write=True) as work:
        return [job.id for job in take(work, owner, Claim(queue_of(tenant.id, ""), [KIND]))]


def test_set_ahead_it_takes_nothing_from_the_living(core, tenant, machine):
    living, dead = ask(core, tenant), ask(core, tenant)
    lease(core, tenant, "other|machine")
    machine.pass_by(LEASE_SECONDS / 2)
    machine.set_clock(HOUR)
    assert lease(core, tenant, "thief") == []
    assert row_of(core, living).due_at == machine.now() + timedelta(seconds=LEASE_SECONDS)
    machine.pass_by(LEASE_SECONDS + 1)
    machine.care.step()
    assert lease(core, tenant, "heir") == [living], "one that does not renew is over all the same"
    assert row_of(core, dead).leased_by == "other|machine", "alone, since it was tried before"


def test_a_lease_that_was_over_before_is_not_brought_back(core, tenant, machine):
    wanted = ask(core, tenant)
    lease(core, tenant, "other|machine")
    machine.pass_by(LEASE_SECONDS + 10)
    machine.set_clock(HOUR)
    assert lease(core, tenant, "heir") == [wanted]


@pytest.mark.parametrize("failures", range(1, 6))
def test_set_back_a_retry_comes_in_its_time(core, tenant, kind, hands, machine, failures):
    def act(_job, _run):
        raise ConnectionError("nobody home")

    kind.act = act
    wanted = ask(core, tenant)
    worker = hands()
    for _ in range(failures):
        machine.pass_by(MOST)
        worker.work()
    pause = row_of(core, wanted).due_at - machine.now()
    machine.set_clock(-HOUR)
    machine.care.step()
    left = row_of(core, wanted).due_at - machine.now()
    assert pause <= left <= min(pause * 1.2, timedelta(seconds=MOST))


def test_set_back_what_was_asked_for_later_is_as_far_away_as_it_was(core, tenant, machine):
    soon = ask(core, tenant)
    later = ask(core, tenant, delay_seconds=120)
    far = ask(core, tenant, delay_seconds=10 * HOUR)
    machine.set_clock(-HOUR)
    for _ in range(2):
        Care(core.works, "another").step()  # each process sees to it
        machine.care.step()
    assert row_of(core, later).due_at == machine.now() + timedelta(seconds=120)
    assert row_of(core, far).due_at == machine.now() + timedelta(hours=10)
    assert lease(core, tenant, "somebody") == [soon]


def test_set_back_what_was_postponed_and_what_waits_for_it_come_soon(core, tenant, machine):
    class Busy(Sink):
        name, ordered, seconds = "busy", True, 5
        busy = True

        def targets(self, event):
            return ["a"]

        def deliver(self, target, event, attempt):
            if self.busy:
                raise Postponed("it is busy", 30)
            self.got.append(event.object_version)

    class Happened(Event):
        type = "thing.happened"

    sink = Busy()
    sink.got = []
    worker = Hands(core, [sink])
    for version in (1, 2):
        with core.works.write(tenant.system()) as work:
            work.record(Happened(object_id="t", object_version=version, data={}))
    machine.pass_by(10 * HOUR)
    worker.work()
    machine.set_clock(-HOUR)
    sink.busy = False
    machine.pass_by(61)
    worker.work()
    worker.close()
    assert sink.got == [1, 2]


def test_a_jump_is_not_forgotten_where_the_database_is_away(core, tenant, machine, monkeypatch):
    wanted = ask(core, tenant, delay_seconds=120)
    machine.jump(-HOUR)

    def away(_work):
        raise OperationalError("x", {}, Exception("away"))

    with monkeypatch.context() as patch:
        patch.setattr(care_module, "set_back", away)
        with pytest.raises(OperationalError):
            machine.care.step()
    machine.care.step()
    assert row_of(core, wanted).due_at == machine.now() + timedelta(seconds=120)


def test_a_clock_that_nobody_sets_changes_nothing(core, tenant, machine):
    wanted = ask(core, tenant)
    lease(core, tenant, "other|machine")
    before = row_of(core, wanted).due_at
    for _ in range(5):
        machine.pass_by(7)
        machine.care.step()
    assert row_of(core, wanted).due_at == before
