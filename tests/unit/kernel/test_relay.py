"""The relay and the deliveries it asks for, on both engines: order, at least once, dead letters."""

from collections import defaultdict

import pytest
from sqlalchemy import select

from geminicrm.kernel.events import Event
from geminicrm.kernel.jobs.claims import LEASE_SECONDS, Claim
from geminicrm.kernel.jobs.jobs import again, queue_of
from geminicrm.kernel.jobs.kinds import Postponed
from geminicrm.kernel.jobs.models import Job
from geminicrm.kernel.jobs.settling import RETRY_SECONDS
from geminicrm.kernel.outbox import OutboxEvent
from tests.support.core import make_tenant
from tests.support.own_kind import take
from tests.support.working import Hands


class Happened(Event):
    type = "thing.happened"


class Book:
    """A sink that keeps what it gets, and fails when told to."""

    name = "book"
    seconds = 5

    def __init__(self, *targets, ordered=False):
        self.got = defaultdict(list)
        self.attempts = []
        self.errors = []
        self.ordered = ordered
        self._targets = targets

    def targets(self, event):
        return self._targets

    def deliver(self, target, event, attempt):
        self.attempts.append(attempt)
        error = self.errors.pop(0) if self.errors else None
        if error is not None:
            raise error
        self.got[target].append(event)


@pytest.fixture
def core(both_cores):
    return both_cores


@pytest.fixture
def tenant(core):
    return make_tenant(core, "north")


@pytest.fixture
def hands(core):
    made = []

    def make(*sinks, **options):
        made.append(Hands(core, sinks, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()


def _happen(core, tenant, count=1, object_id="t"):
    for number in range(count):
        with core.works.write(tenant.system()) as work:
            work.record(Happened(object_id=object_id, object_version=1, data={"n": number}))


def _jobs(core):
    with core.works.across_workspaces("look") as work:
        return work.session.scalars(select(Job).order_by(Job.id)).all()


def test_every_target_gets_every_event(core, tenant, hands):
    book = Book("a", "b", ordered=True)
    _happen(core, tenant, 5)
    hands(book).work()
    assert [event.data["n"] for event in book.got["a"]] == [0, 1, 2, 3, 4]
    assert [event.position for event in book.got["b"]] == [1, 2, 3, 4, 5]
    assert book.got["a"][0].body()["workspace_id"] == tenant.id
    assert _jobs(core) == []


def test_an_event_that_nobody_wants_gets_its_place_too(core, tenant, hands):
    _happen(core, tenant)
    hands().work()
    with core.works.across_workspaces("look") as work:
        assert work.session.scalars(select(OutboxEvent.position)).all() == [1]


def test_events_keep_the_order_in_which_they_were_stored_when_the_clock_is_set_back(
    core, tenant, hands, clock
):
    book = Book("a", ordered=True)
    _happen(core, tenant, object_id="first")
    clock.advance(-3_600)
    _happen(core, tenant, object_id="second")
    hands(book).work()
    assert [event.object_id for event in book.got["a"]] == ["first", "second"]
    assert [event.position for event in book.got["a"]] == [1, 2]


def test_a_failure_is_tried_again_later_and_ends_as_a_dead_letter(core, tenant, hands, clock):
    book = Book("a")
    book.errors = [ConnectionError("nobody home")] * 6
    worker = hands(book)
    _happen(core, tenant)
    for pause in (*RETRY_SECONDS, 10_000):
        worker.work()
        worker.work()
        clock.advance(pause * 1.2)
    worker.work()
    assert book.attempts == [1, 2, 3, 4, 5, 6]
    (dead,) = _jobs(core)
    assert (dead.state, dead.last_error) == ("dead", "ConnectionError: nobody home")
    assert dead.leased_by is None


def test_a_dead_letter_can_be_sent_again_and_counts_on(core, tenant, hands, clock):
    book = Book("a")
    book.errors = [ConnectionError("nobody home")] * 6
    worker = hands(book)
    _happen(core, tenant)
    for pause in (*RETRY_SECONDS, 0):
        worker.work()
        clock.advance(pause * 1.2)
    with core.works.write(tenant.system()) as work:
        again(work, work.session.scalars(select(Job)).one())
    worker.work()
    assert book.attempts[-1] == 7
    assert len(book.got["a"]) == 1
    assert _jobs(core) == []


def test_what_is_postponed_costs_no_attempt(core, tenant, hands, clock):
    book = Book("a")
    book.errors = [Postponed("it is paused", 5)] * 20
    worker = hands(book)
    _happen(core, tenant)
    for _ in range(20):
        worker.work()
        clock.advance(6)
    worker.work()
    assert set(book.attempts) == {1}
    assert len(book.got["a"]) == 1


def test_a_later_event_of_a_record_waits_for_the_earlier_one_and_others_do_not(
    core, tenant, hands, clock
):
    book = Book("a", ordered=True)
    book.errors = [ConnectionError("nobody home")]
    worker = hands(book, threads=1)
    _happen(core, tenant, 2, object_id="lead")
    _happen(core, tenant, 1, object_id="other")
    worker.work()
    assert [event.object_id for event in book.got["a"]] == ["other"]
    clock.advance(RETRY_SECONDS[0] * 1.2)
    worker.work()
    assert [event.data["n"] for event in book.got["a"][1:]] == [0, 1]


def test_one_that_is_given_up_lets_the_next_of_its_record_pass(core, tenant, hands, clock):
    book = Book("a", ordered=True)
    book.errors = [ConnectionError("nobody home")] * 6
    worker = hands(book)
    _happen(core, tenant, 2, object_id="lead")
    for pause in (*RETRY_SECONDS, 10_000):
        worker.work()
        clock.advance(pause * 1.2)
    worker.work()
    assert [event.data["n"] for event in book.got["a"]] == [1]
    assert [job.state for job in _jobs(core)] == ["dead"]


def test_what_a_killed_worker_held_is_taken_when_its_lease_ends(core, tenant, hands, clock):
    book = Book("a")
    worker = hands(book)
    _happen(core, tenant)
    worker.relay.step()
    with core.works.across_workspaces("a worker died here", write=True) as work:
        (taken,) = take(work, "dead", Claim(queue_of(tenant.id, "a"), ["event:book"]))
    worker.work()
    assert book.attempts == []
    clock.advance(LEASE_SECONDS + 1)
    worker.work()
    assert (taken.attempt, book.attempts) == (1, [2])


def test_a_delivery_that_vanished_meanwhile_does_not_stop_the_others(core, tenant, hands):
    class Eraser(Book):
        def deliver(self, target, event, attempt):
            with core.works.across_workspaces("erase", write=True) as work:
                for row in work.session.scalars(select(Job)):
                    work.session.delete(row)

    worker = hands(Eraser("a"))
    _happen(core, tenant)
    worker.work()
    assert _jobs(core) == []


def test_two_workers_share_the_work_without_doing_it_twice(core, tenant, hands):
    book = Book("a", "b", "c")
    workers = [hands(book, owner=f"w{number}") for number in range(2)]
    _happen(core, tenant, 40)
    workers[0].relay.step()
    for worker in workers:
        worker.engine.turn()
    for worker in workers:
        worker.work()
    assert {target: len(got) for target, got in book.got.items()} == {"a": 40, "b": 40, "c": 40}


def _happen_and_fail(core, tenant):
    with core.works.write(tenant.system()) as work:
        work.record(Happened(object_id="t", object_version=1, data={}))
        raise ZeroDivisionError


def test_what_is_recorded_but_not_committed_is_told_to_nobody(core, tenant, hands):
    book = Book("a")
    with pytest.raises(ZeroDivisionError):
        _happen_and_fail(core, tenant)
    hands(book).work()
    assert book.got == {}
