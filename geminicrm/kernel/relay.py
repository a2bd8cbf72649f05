"""The relay: places committed events in order and hands each to everybody who wants it.

At least once: a delivery is leased before it is tried, and a lease that runs out (its worker was
killed) is taken by the next one. Retries come after fixed pauses; the last failure leaves a dead
letter with its reason.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy import func, or_, select

from geminicrm.kernel.events import StoredEvent
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.metrics import Metrics
from geminicrm.kernel.outbox import OutboxDelivery, OutboxEvent, OutboxPosition, Sink
from geminicrm.kernel.work import Work, Works

RETRY_SECONDS = (1, 5, 30, 300, 1800)
LEASE_SECONDS = 60
BATCH = 100
# So few are claimed at once that even slow targets are through before the lease ends.
CLAIMS_PER_THREAD = 4
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class _Claim:
    delivery_id: str
    sink: Sink
    target: str
    event: StoredEvent
    attempt: int


@dataclass(frozen=True)
class _Outcome:
    delivery_id: str
    error: str | None


class Relay:
    """Drains the outbox of one database into its sinks; several relays may run at once."""

    def __init__(
        self, works: Works, sinks: Sequence[Sink], metrics: Metrics, threads: int = 4
    ) -> None:
        self._works = works
        self._metrics = metrics
        self._sinks = {sink.name: sink for sink in sinks}
        self._claims = threads * CLAIMS_PER_THREAD
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="relay")

    def close(self) -> None:
        """Stop taking work; what runs is left to its lease."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def step(self) -> int:
        """Place new events, deliver what is due; give how many of both there were."""
        placed = self._place() if self._any_unplaced() else 0
        claims = self._claim() if self._any_due() else []
        if claims:
            self._settle(list(self._pool.map(self._deliver, claims)))
        if placed or claims:
            self._report()
        return placed + len(claims)

    def _report(self) -> None:
        with self._works.across_workspaces("relay: measure the backlog") as work:
            pending = OutboxDelivery.status == "pending"
            left, oldest = work.session.execute(
                select(func.count(), func.min(OutboxDelivery.next_at)).where(pending)
            ).one()
            age = (work.now - oldest).total_seconds() if left else 0.0
            self._metrics.relay_state(max(age, 0.0), left)

    def _any_unplaced(self) -> bool:
        with self._works.across_workspaces("relay: look for new events") as work:
            query = select(OutboxEvent.id).where(OutboxEvent.position.is_(None)).limit(1)
            return work.session.scalar(query) is not None

    def _any_due(self) -> bool:
        with self._works.across_workspaces("relay: look for due deliveries") as work:
            return work.session.scalar(self._due(work).limit(1)) is not None

    def _place(self) -> int:
        with self._works.across_workspaces("relay: place events", write=True) as work:
            counter = work.session.get(OutboxPosition, 1, with_for_update=True)
            if counter is None:
                counter = OutboxPosition(id=1, last=0)
                work.session.add(counter)
            events = work.session.scalars(
                select(OutboxEvent)
                .where(OutboxEvent.position.is_(None))
                .order_by(OutboxEvent.occurred_at, OutboxEvent.id)
                .limit(BATCH)
            ).all()
            for event in events:
                counter.last += 1
                event.position = counter.last
                self._address(work, event.stored())
            return len(events)

    def _address(self, work: Work, event: StoredEvent) -> None:
        for sink in self._sinks.values():
            for target in sink.targets(event):
                work.session.add(
                    OutboxDelivery(
                        id=new_id("dlv"),
                        event_id=event.id,
                        sink=sink.name,
                        target=target,
                        status="pending",
                        attempts=0,
                        next_at=work.now,
                    )
                )

    def _due(self, work: Work):  # type: ignore[no-untyped-def]  # noqa: ANN202 - the type of a select spells its whole row
        free = or_(OutboxDelivery.leased_until.is_(None), OutboxDelivery.leased_until < work.now)
        return (
            select(OutboxDelivery)
            .where(
                OutboxDelivery.status == "pending",
                OutboxDelivery.next_at <= work.now,
                OutboxDelivery.sink.in_(self._sinks),
                free,
            )
            .order_by(OutboxDelivery.next_at, OutboxDelivery.id)
        )

    def _claim(self) -> list[_Claim]:
        with self._works.across_workspaces("relay: claim deliveries", write=True) as work:
            rows = work.session.scalars(
                self._due(work).limit(self._claims).with_for_update(skip_locked=True)
            ).all()
            wanted = {row.event_id for row in rows}
            events = {
                event.id: event.stored()
                for event in work.session.scalars(
                    select(OutboxEvent).where(OutboxEvent.id.in_(wanted))
                )
            }
            claims = []
            for row in rows:
                row.leased_until = work.now + timedelta(seconds=LEASE_SECONDS)
                row.attempts += 1
                sink = self._sinks[row.sink]
                claims.append(_Claim(row.id, sink, row.target, events[row.event_id], row.attempts))
            return claims

    def _deliver(self, claim: _Claim) -> _Outcome:
        try:
            claim.sink.deliver(claim.target, claim.event, claim.attempt)
        except Exception as error:  # noqa: BLE001 - border: a sink may fail in any way; it is tried again
            _log.warning(
                "delivery failed",
                sink=claim.sink.name,
                target=claim.target,
                event_id=claim.event.id,
                attempt=claim.attempt,
                error=str(error),
            )
            return _Outcome(claim.delivery_id, f"{type(error).__name__}: {error}")
        return _Outcome(claim.delivery_id, None)

    def _settle(self, outcomes: Sequence[_Outcome]) -> None:
        with self._works.across_workspaces("relay: keep outcomes", write=True) as work:
            for outcome in outcomes:
                row = work.session.get(OutboxDelivery, outcome.delivery_id)
                if row is None:
                    continue
                row.leased_until = None
                row.last_error = outcome.error
                self._metrics.relay_handled(row.sink, _settled(row, outcome, work))


def _settled(row: OutboxDelivery, outcome: _Outcome, work: Work) -> str:
    if outcome.error is None:
        row.status = "done"
        return "ok"
    if row.attempts > len(RETRY_SECONDS):
        row.status = "dead"
        return "dead"
    row.next_at = work.now + timedelta(seconds=RETRY_SECONDS[row.attempts - 1])
    return "retry"
