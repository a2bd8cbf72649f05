from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar

import pytest
from sqlalchemy import delete, select

from geminicrm.kernel.clock import FixedClock
from geminicrm.kernel.events import Event, StoredEvent
from geminicrm.kernel.outbox import OutboxDelivery, OutboxEvent
from geminicrm.kernel.relay import LEASE_SECONDS, RETRY_SECONDS, Relay
from geminicrm.kernel.work import Actor, Works


class ThingMade(Event):
    type: ClassVar[str] = "thing.made"


@dataclass
class Recorder:
    """A sink with two targets; fails as often as told."""

    name: str = "recorder"
    failures: int = 0
    delivered: list[tuple[str, str, int]] = field(default_factory=list)
    positions: list[int | None] = field(default_factory=list)

    def targets(self, event: StoredEvent) -> Sequence[str]:
        return [f"{event.workspace_id}-first", f"{event.workspace_id}-second"]

    def deliver(self, target: str, event: StoredEvent, attempt: int) -> None:
        self.delivered.append((target, event.object_id, attempt))
        self.positions.append(event.position)
        self.fail_while(attempt <= self.failures)

    def fail_while(self, failing: bool) -> None:  # noqa: FBT001 -- read at the one place that calls it
        if failing:
            raise ConnectionError("refused")


@pytest.fixture
def sink() -> Recorder:
    return Recorder()


@pytest.fixture
def relay(works: Works, sink: Recorder) -> Iterator[Relay]:
    made = Relay(works, [sink], threads=1)
    yield made
    made.close()


def emit(works: Works, actor: Actor, *names: str) -> None:
    for name in names:
        with works.write(actor) as work:
            work.record(ThingMade(object_id=name, object_version=1, data={}))


def deliveries(works: Works) -> list[OutboxDelivery]:
    with works.across_workspaces("test") as work:
        return list(work.session.scalars(select(OutboxDelivery)))


def test_nothing_to_do_is_nothing_done(relay: Relay) -> None:
    assert relay.step() == 0


def test_each_event_goes_to_each_target_once(
    relay: Relay, works: Works, sink: Recorder, ada: Actor
) -> None:
    emit(works, ada, "a", "b")
    assert relay.step() == 2 + 4
    assert sorted(sink.delivered) == [
        ("ws_a-first", "a", 1),
        ("ws_a-first", "b", 1),
        ("ws_a-second", "a", 1),
        ("ws_a-second", "b", 1),
    ]
    assert {delivery.status for delivery in deliveries(works)} == {"done"}
    assert relay.step() == 0


def test_positions_rise_in_the_order_of_time(
    relay: Relay, works: Works, ada: Actor, bob: Actor, clock: FixedClock
) -> None:
    for number, actor in enumerate((ada, bob, ada)):
        emit(works, actor, str(number))
        clock.advance(1)
    relay.step()
    emit(works, bob, "3")
    relay.step()
    with works.across_workspaces("test") as work:
        rows = work.session.execute(
            select(OutboxEvent.position, OutboxEvent.object_id).order_by(OutboxEvent.position)
        )
        assert [tuple(row) for row in rows] == [(1, "0"), (2, "1"), (3, "2"), (4, "3")]


def test_a_failure_is_tried_again_after_its_pause(
    relay: Relay, works: Works, sink: Recorder, ada: Actor, clock: FixedClock
) -> None:
    sink.failures = 1
    emit(works, ada, "a")
    relay.step()
    first = deliveries(works)[0]
    assert (first.status, first.attempts) == ("pending", 1)
    assert first.last_error == "ConnectionError: refused"
    assert relay.step() == 0
    clock.advance(RETRY_SECONDS[0])
    assert relay.step() == 2
    assert {delivery.status for delivery in deliveries(works)} == {"done"}
    assert {delivery.last_error for delivery in deliveries(works)} == {None}
    assert [attempt for *_, attempt in sink.delivered] == [1, 1, 2, 2]


def test_after_the_last_try_a_dead_letter_stays(
    relay: Relay, works: Works, sink: Recorder, ada: Actor, clock: FixedClock
) -> None:
    sink.failures = 99
    emit(works, ada, "a")
    relay.step()
    for pause in RETRY_SECONDS:
        clock.advance(pause - 0.5)
        assert relay.step() == 0
        clock.advance(0.5)
        assert relay.step() == 2
    assert {delivery.status for delivery in deliveries(works)} == {"dead"}
    clock.advance(10**6)
    assert relay.step() == 0


def test_a_lease_that_ran_out_is_taken_over(
    relay: Relay, works: Works, sink: Recorder, ada: Actor, clock: FixedClock
) -> None:
    emit(works, ada, "a")
    relay.step()
    with works.across_workspaces("test", write=True) as work:
        for delivery in work.session.scalars(select(OutboxDelivery)):
            delivery.status = "pending"
            delivery.leased_until = work.now + timedelta(seconds=LEASE_SECONDS)
    assert relay.step() == 0
    clock.advance(LEASE_SECONDS + 1)
    assert relay.step() == 2
    assert len(sink.delivered) == 4


def test_deliveries_of_an_absent_sink_wait_for_it(relay: Relay, works: Works, ada: Actor) -> None:
    emit(works, ada, "a")
    relay.step()
    with works.across_workspaces("test", write=True) as work:
        for delivery in work.session.scalars(select(OutboxDelivery)):
            delivery.status, delivery.sink = "pending", "absent"
    assert relay.step() == 0


def test_a_delivery_removed_meanwhile_is_no_fault(
    works: Works, ada: Actor, sink: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def remove(_target: str, _event: StoredEvent, _attempt: int) -> None:
        with works.across_workspaces("test", write=True) as work:
            work.session.execute(delete(OutboxDelivery))

    monkeypatch.setattr(sink, "deliver", remove)
    relay = Relay(works, [sink], threads=1)
    emit(works, ada, "a")
    assert relay.step() == 3
    assert deliveries(works) == []
    relay.close()
