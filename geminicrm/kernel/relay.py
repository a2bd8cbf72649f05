"""The relay: gives committed events their place, and makes them jobs for all who want them.

Events get a position only once they are committed, so that the feed never fills in below a
position that it has shown. Placing and the jobs are one transaction: an event is placed with all
of its deliveries, or not yet. Several relays may run at once; they take turns by the row of the
last position.
"""

import time
from collections.abc import Iterable, Sequence
from typing import Any, Final, Protocol

from sqlalchemy import bindparam, func, insert, literal_column, select, text, update

from geminicrm.kernel.events import StoredEvent
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.jobs.jobs import EVENT_KIND, MAX_ATTEMPTS, queue_of
from geminicrm.kernel.jobs.models import AT_ONCE, JOBS, QUEUED, Job
from geminicrm.kernel.metrics import Metrics
from geminicrm.kernel.outbox import EVENTS, OutboxEvent, OutboxPosition, Sink, stored_event
from geminicrm.kernel.work import Work, Works

BATCH: Final = 500
MOST_ROWS: Final = 5000
"""So many rows at most, about, are written beside events in one transaction."""
_REPORT_SECONDS: Final = 5.0
_PLACE: Final = (
    update(EVENTS).where(EVENTS.c.id == bindparam("event")).values(position=bindparam("place"))
)
_UNPLACED: Final = select(EVENTS.c.id).where(EVENTS.c.position.is_(None)).limit(1)


class BatchSink(Protocol):
    """Somebody who writes down itself what events mean for it, where jobs would cost too much."""

    def weight(self, event: StoredEvent) -> int:
        """Give about how many rows an event will take; quick, from memory."""
        ...

    def place(self, work: Work, events: Sequence[StoredEvent]) -> None:
        """Write them, in the transaction that gives the events their places."""
        ...


class Relay:
    """Places the events of one database for its sinks."""

    def __init__(
        self,
        works: Works,
        sinks: Sequence[Sink],
        metrics: Metrics,
        batch_sinks: Sequence[BatchSink] = (),
    ) -> None:
        self._works = works
        self._sinks = tuple(sinks)
        self._batch_sinks = tuple(batch_sinks)
        self._metrics = metrics
        self._reported = -_REPORT_SECONDS
        numbered = works.database.dialect == "postgresql"
        self._order: Any = OutboxEvent.seq if numbered else literal_column("events.rowid")

    def step(self) -> int:
        """Place what was committed; give how many events that were, `BATCH` at most.

        Raises what a sink raises that does not know its targets: then nothing is placed yet.
        """
        return self._place() if self._any_unplaced() else 0

    def report(self) -> None:
        """Tell the metrics how far all of it is behind, every few seconds at most."""
        now = time.monotonic()
        if now - self._reported < _REPORT_SECONDS:
            return
        self._reported = now
        with self._works.across_workspaces("relay: measure the backlog") as work:
            open_ones = text("jobs.state IN ('queued', 'running')")
            left, oldest = work.session.execute(
                select(func.count(), func.min(Job.created_at)).where(open_ones).select_from(Job)
            ).one()
            age = (work.now - oldest).total_seconds() if left else 0.0
            self._metrics.jobs_state(max(age, 0.0), left)

    def _any_unplaced(self) -> bool:
        with self._works.across_workspaces("relay: look for new events") as work:
            return work.session.scalar(_UNPLACED) is not None

    def _place(self) -> int:
        with self._works.across_workspaces("relay: place events", write=True) as work:
            counter = work.session.get(OutboxPosition, 1, with_for_update=True)
            if counter is None:
                counter = OutboxPosition(id=1, last=0)
                work.session.add(counter)
            rows = work.session.execute(
                select(EVENTS)
                .where(OutboxEvent.position.is_(None))
                .order_by(self._order, OutboxEvent.id)
                .limit(BATCH)
            ).all()
            found = [stored_event(row, counter.last + number) for number, row in enumerate(rows, 1)]
            events = found[: self._bearable(found)]
            for sink in self._batch_sinks:
                sink.place(work, events)
            jobs = [job for event in events for job in self._jobs(work, event)]
            if jobs:
                work.session.execute(insert(JOBS), jobs)
            if events:
                work.session.execute(_PLACE, [_place_of(event) for event in events])
                counter.last += len(events)
            return len(events)

    def _bearable(self, events: Sequence[StoredEvent]) -> int:
        """Tell how many of these may be placed at once: everybody else waits meanwhile."""
        rows = 0
        for number, event in enumerate(events):
            rows += sum(sink.weight(event) for sink in self._batch_sinks)
            if rows > MOST_ROWS:
                return max(number, 1)
        return len(events)

    def _jobs(self, work: Work, event: StoredEvent) -> Iterable[dict[str, Any]]:
        for sink in self._sinks:
            for target in sink.targets(event):
                yield {
                    "id": new_id("job"),
                    "workspace_id": event.workspace_id,
                    "kind": f"{EVENT_KIND}{sink.name}",
                    "target": target,
                    "queue": queue_of(event.workspace_id, target),
                    "event_id": event.id,
                    "order_key": event.object_id if sink.ordered else None,
                    "position": event.position,
                    "state": QUEUED,
                    "due_at": AT_ONCE,
                    "attempts": 0,
                    "max_attempts": MAX_ATTEMPTS,
                    "seconds": sink.seconds,
                    "cancel_asked": False,
                    "created_at": work.now,
                }


def _place_of(event: StoredEvent) -> dict[str, Any]:
    return {"event": event.id, "place": event.position}
