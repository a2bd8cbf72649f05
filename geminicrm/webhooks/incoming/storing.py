"""Writing down what came in: the request, its events once each, and a job for every new one."""

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import delete, func, insert, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from geminicrm.kernel.ids import new_id
from geminicrm.kernel.jobs.jobs import NewJob, job_row
from geminicrm.kernel.jobs.models import JOBS
from geminicrm.kernel.texts import storable
from geminicrm.kernel.work import Work, Works
from geminicrm.webhooks.incoming.doors_needed import Receiver
from geminicrm.webhooks.incoming.models import ITEMS, QUEUED, RECEIVED, REJECTED, VERIFIED, Received
from geminicrm.webhooks.incoming.redacting import redacted, without
from geminicrm.webhooks.incoming.scheme import Item, Rejected, Request

KIND: Final = "webhook"
SECONDS: Final = 75
MOST_ATTEMPTS: Final = 12
"""Tried for about four hours in all, by the pauses of jobs."""
KEPT_DAYS: Final = 30
MOST_WITHOUT_EVENTS: Final = 100
"""So many requests an hour of one connection are logged that hold no event of the service."""
MOST_OF_A_STRANGER: Final = 16 * 1024
_LONGEST_KEY: Final = 200
_LONGEST_TYPE: Final = 120
_LONGEST_DETAIL: Final = 300
_SWEPT: Final = 1000


class NoJson(ValueError):
    """An event holds what JSON can't."""


class Receipts:
    """Stores requests, each in one transaction."""

    def __init__(self, works: Works) -> None:
        self._works = works
        self._upsert = _upsert(works.database.dialect)

    def keep(self, receiver: Receiver, request: Request, items: Sequence[Item]) -> int:
        """Store a believed request and its new events; give how many there are.

        One that holds nothing new leaves a count at what it repeats. Raises NoJson.
        """
        if not items:
            self._without_events(receiver, request, (VERIFIED, "", "", 200), request.body)
            return 0
        data = _once(items)
        with self._works.across_workspaces("webhooks: take in", write=True) as work:
            received = _row(work, receiver, request, (VERIFIED, "", "", 200), request.body)
            work.session.execute(insert(RECEIVED), [received])
            rows = [
                _item_row(work, received, at, item, written)
                for at, (item, written) in enumerate(data)
            ]
            fresh = self._fresh(work, rows)
            if fresh:
                work.session.execute(insert(JOBS), [_job(work, receiver, row) for row in fresh])
                work.wake_workers()
            else:
                work.session.execute(delete(RECEIVED).where(RECEIVED.c.id == received["id"]))
            return len(fresh)

    def refuse(self, receiver: Receiver, request: Request, rejected: Rejected) -> None:
        """Store that a request was not believed, and its beginning; not more than some an hour."""
        told = (REJECTED, rejected.part, rejected.detail, rejected.status)
        self._without_events(receiver, request, told, request.body[:MOST_OF_A_STRANGER])

    def _without_events(
        self, receiver: Receiver, request: Request, told: tuple[str, str, str, int], body: bytes
    ) -> None:
        """Store what whoever has the address could send without end, as long as it is little."""
        with self._works.across_workspaces("webhooks: how many said nothing") as work:
            if self._quiet_ones(work, receiver) >= MOST_WITHOUT_EVENTS:
                return
        with self._works.across_workspaces("webhooks: note a request", write=True) as work:
            row = _row(work, receiver, request, told, body)
            work.session.execute(insert(RECEIVED), [row])

    def _quiet_ones(self, work: Work, receiver: Receiver) -> int:
        query = select(func.count(Received.id)).where(
            Received.workspace_id == receiver.workspace_id,
            Received.connection_id == receiver.connection_id,
            Received.received_at > work.now - timedelta(hours=1),
            ~select(ITEMS.c.id).where(ITEMS.c.received_id == Received.id).exists(),
        )
        return work.session.scalar(query) or 0

    def _fresh(self, work: Work, rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """Store those that are new, and count those that were there."""
        # In the order of their keys: of two requests with the same events, one waits for the other.
        ordered = sorted(rows, key=lambda row: str(row["key"]))
        made = set(work.session.scalars(self._upsert, ordered))
        return [row for row in rows if row["id"] in made]


def _upsert(dialect: str) -> Any:
    """Make the statement once: to make it costs more than to run it."""
    insert_of: Any = {"postgresql": postgresql_insert, "sqlite": sqlite_insert}[dialect]
    place = insert_of(ITEMS).on_conflict_do_update(
        index_elements=[ITEMS.c.workspace_id, ITEMS.c.connection_id, ITEMS.c.key],
        set_={"repeats": ITEMS.c.repeats + 1},
    )
    return place.returning(ITEMS.c.id)


def sweep(work: Work) -> None:
    """Remove a part of what was kept long enough."""
    old = (
        select(RECEIVED.c.id)
        .where(RECEIVED.c.received_at < work.now - timedelta(days=KEPT_DAYS))
        .limit(_SWEPT)
    )
    work.session.execute(delete(RECEIVED).where(RECEIVED.c.id.in_(old.scalar_subquery())))


def new_job(item_id: str, installation_id: str) -> NewJob:
    """Describe the job that hands an event over."""
    return NewJob(
        kind=KIND,
        target=installation_id,
        payload={"item_id": item_id},
        seconds=SECONDS,
        max_attempts=MOST_ATTEMPTS,
    )


def _job(work: Work, receiver: Receiver, row: Mapping[str, Any]) -> dict[str, Any]:
    new = new_job(row["id"], receiver.installation_id)
    return job_row(new, receiver.workspace_id, work.now, row["job_id"])


def _once(items: Sequence[Item]) -> list[tuple[Item, bytes]]:
    """Give each event once, with its data as it is stored."""
    return [(item, _written(item.data)) for item in {_key(item): item for item in items}.values()]


def _written(data: Any) -> bytes:
    try:
        text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        raise NoJson(str(error)) from error
    # Halves of surrogate pairs, which JSON may name, are no text that a process could be sent.
    return text.encode("utf-8", "replace")


def _key(item: Item) -> str:
    if len(item.key) <= _LONGEST_KEY and item.key.isascii() and item.key.isprintable():
        return item.key
    return f"sha256:{sha256(item.key.encode('utf-8', 'surrogatepass')).hexdigest()}"


def _item_row(
    work: Work, received: Mapping[str, Any], position: int, item: Item, data: bytes
) -> dict[str, Any]:
    return {
        "id": new_id("whi"),
        "workspace_id": received["workspace_id"],
        "received_id": received["id"],
        "connection_id": received["connection_id"],
        "position": position,
        "key": _key(item),
        "type": storable(item.type, _LONGEST_TYPE),
        "data": data,
        "state": QUEUED,
        "attempts": 0,
        "repeats": 0,
        "job_id": new_id("job"),
        "created_at": work.now,
    }


def _row(
    work: Work, receiver: Receiver, request: Request, told: tuple[str, str, str, int], body: bytes
) -> dict[str, Any]:
    result, part, detail, status = told
    return {
        "id": new_id("whr"),
        "workspace_id": receiver.workspace_id,
        "connection_id": receiver.connection_id,
        "owner_id": receiver.owner_id,
        "installation_id": receiver.installation_id,
        "extension_id": receiver.extension_id,
        "webhook_id": receiver.entry.id,
        "scheme": receiver.entry.scheme,
        "received_at": work.now,
        "method": request.method[:12],
        "url": storable(without(request.url, receiver.signing.secrets), 2000),
        "headers": redacted(request.headers, receiver.signing.secrets),
        "body": body,
        "size": len(request.body),
        "result": result,
        "part": part[:20],
        "detail": storable(detail, _LONGEST_DETAIL),
        "status": status,
    }
