"""The relay, on both engines: order, at least once, retries, dead letters, killed workers."""

from collections import defaultdict
from datetime import timedelta

import pytest
from sqlalchemy import select

from geminicrm.kernel.events import Event
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.outbox import OutboxDelivery, OutboxEvent
from geminicrm.kernel.relay import LEASE_SECONDS, RETRY_SECONDS, Relay
from tests.support.core import make_tenant


class Happened(Event):
    type = "thing.happened"


class Book:
    """A sink that keeps what it gets, and fails when told to."""

    name = "book"

    def __init__(self, *targets: str) -> None:
        self.got = defaultdict(list)
        self.attempts = []
        self._targets = targets
        self.error = None

    def targets(self, event):
        return self._targets

    def deliver(self, target, event, attempt):
        self.attempts.append(attempt)
        if self.error:
            raise self.error
        self.got[target].append(event)


@pytest.fixture
def core(both_cores):
    return both_cores


def _happen(core, tenant, count=1):
    for number in range(count):
        with core.works.write(tenant.system()) as work:
            work.record(Happened(object_id=f"t{number}", object_version=1, data={"n": number}))


def _deliveries(core):
    with core.works.across_workspaces("look") as work:
        return work.session.scalars(select(OutboxDelivery)).all()


def test_every_target_gets_every_event_in_order(core):
    tenant, book = make_tenant(core, "north"), Book("a", "b")
    relay = Relay(core.works, [book], core.metrics, threads=1)
    _happen(core, tenant, 5)
    assert sum(iter(relay.step, 0)) == 15
    assert [event.data["n"] for event in book.got["a"]] == [0, 1, 2, 3, 4]
    assert [event.position for event in book.got["b"]] == [1, 2, 3, 4, 5]
    assert {row.status for row in _deliveries(core)} == {"done"}
    body = book.got["a"][0].body()
    assert body["workspace_id"] == tenant.id
    assert body["timestamp"].endswith("Z")
    relay.close()


def test_an_event_that_nobody_wants_gets_its_place_too(core):
    tenant = make_tenant(core, "north")
    relay = Relay(core.works, [], core.metrics)
    _happen(core, tenant)
    relay.step()
    with core.works.across_workspaces("look") as work:
        assert work.session.scalars(select(OutboxEvent.position)).all() == [1]
    relay.close()


def test_a_failure_is_tried_again_later_and_ends_as_a_dead_letter(core, clock):
    tenant, book = make_tenant(core, "north"), Book("a")
    book.error = ConnectionError("nobody home")
    relay = Relay(core.works, [book], core.metrics, threads=1)
    _happen(core, tenant)
    relay.step()
    for pause in RETRY_SECONDS:
        assert relay.step() == 0
        clock.advance(pause)
        assert relay.step() == 1
    clock.advance(10_000)
    assert relay.step() == 0
    assert book.attempts == [1, 2, 3, 4, 5, 6]
    (dead,) = _deliveries(core)
    assert (dead.status, dead.last_error) == ("dead", "ConnectionError: nobody home")
    relay.close()


def test_a_failure_mended_in_time_is_delivered(core, clock):
    tenant, book = make_tenant(core, "north"), Book("a")
    book.error = ConnectionError("nobody home")
    relay = Relay(core.works, [book], core.metrics, threads=1)
    _happen(core, tenant)
    relay.step()
    book.error = None
    clock.advance(RETRY_SECONDS[0])
    relay.step()
    assert len(book.got["a"]) == 1
    relay.close()


def test_what_a_killed_worker_held_is_taken_when_its_lease_ends(core, clock):
    tenant, book = make_tenant(core, "north"), Book("a")
    relay = Relay(core.works, [book], core.metrics, threads=1)
    _happen(core, tenant)
    with core.works.across_workspaces("a worker died here", write=True) as work:
        event = work.session.scalars(select(OutboxEvent)).one()
        event.position = 1
        work.session.add(
            OutboxDelivery(
                id=new_id("dlv"),
                event_id=event.id,
                sink="book",
                target="a",
                attempts=1,
                next_at=work.now,
                leased_until=work.now + timedelta(seconds=LEASE_SECONDS),
            )
        )
    assert relay.step() == 0
    clock.advance(LEASE_SECONDS + 1)
    assert relay.step() == 1
    assert book.attempts == [2]
    relay.close()


def test_a_delivery_that_vanished_meanwhile_does_not_stop_the_others(core):
    tenant = make_tenant(core, "north")

    class Eraser(Book):
        def deliver(self, target, event, attempt):
            with core.works.across_workspaces("erase", write=True) as work:
                for row in work.session.scalars(select(OutboxDelivery)):
                    work.session.delete(row)

    relay = Relay(core.works, [Eraser("a")], core.metrics, threads=1)
    _happen(core, tenant)
    assert relay.step() == 2
    assert _deliveries(core) == []
    relay.close()


def test_two_relays_share_the_work_without_doing_it_twice(core):
    tenant, book = make_tenant(core, "north"), Book("a")
    relays = [Relay(core.works, [book], core.metrics, threads=1) for _ in range(2)]
    _happen(core, tenant, 4)
    for relay in relays:
        relay.step()
        relay.close()
    assert len(book.got["a"]) == 4
