"""Which endpoints have something due, and how much of it may be taken now."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Float, Integer, String, bindparam, func, select, text, update

from geminicrm.kernel.db import UtcDateTime, insert_into
from geminicrm.kernel.jobs.claims import in_turns
from geminicrm.kernel.tenancy import CHECKED
from geminicrm.kernel.work import Work
from geminicrm.webhooks.outgoing.health import BREAKER, PROBE_SECONDS
from geminicrm.webhooks.outgoing.models import ACTIVE, DELIVERIES, HEALTH, EndpointHealth
from geminicrm.webhooks.outgoing.pace import Starts, seconds_to_wait, starts

AHEAD: Final = 5
"""So many times what runs at once is taken from an endpoint that has shown to be well."""
# As the index has it, word for word: SQLite uses a partial index for nothing else.
_OPEN: Final = "state IN ('queued', 'sending')"
# From one endpoint to the next by the index: a million deliveries of one are passed in one step.
DUE: Final = text(
    f"WITH RECURSIVE due(id) AS (SELECT MIN(endpoint_id) FROM webhook_deliveries WHERE {_OPEN} "  # noqa: S608 - our own words
    f"UNION ALL SELECT (SELECT MIN(d.endpoint_id) FROM webhook_deliveries d WHERE d.{_OPEN} "
    "AND d.endpoint_id > due.id) FROM due WHERE due.id IS NOT NULL) "
    "SELECT e.id, e.workspace_id, e.state, e.reason, e.rate, e.concurrency, e.revision, "
    "COALESCE(h.failures, 0) AS failures, COALESCE(h.tat, 0.0) AS tat, h.id AS known "
    "FROM due JOIN webhook_endpoints e ON e.id = due.id "
    "LEFT JOIN webhook_health h ON h.id = due.id "
    "WHERE (h.open_until IS NULL OR h.open_until <= :now OR e.state <> 'active') "
    "AND EXISTS (SELECT 1 FROM webhook_deliveries d "
    f"WHERE d.endpoint_id = due.id AND d.{_OPEN} AND d.due_at <= :now)"
).bindparams(bindparam("now", type_=UtcDateTime())).columns(
    id=String, workspace_id=String, state=String, reason=String, rate=Integer,
    concurrency=Integer, revision=Integer, failures=Integer, tat=Float, known=String,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An endpoint with something due, whose breaker lets it through."""

    id: str
    workspace_id: str
    state: str
    reason: str
    rate: int | None
    concurrency: int
    revision: int
    failures: int
    tat: float
    known: str | None

    @property
    def active(self) -> bool:
        """Whether anything may be sent to it."""
        return self.state == ACTIVE


@dataclass(frozen=True, slots=True)
class Room:
    """How much of an endpoint's may be taken: each with the time it starts, `at_once` together."""

    candidate: Candidate
    at_once: int
    starts: Starts


@dataclass(frozen=True, slots=True)
class Hands:
    """Who takes: `owner`, who has so much of each endpoint in hand already, and `free` places.

    `window` tells how many at once an endpoint has shown to bear, `quick` whether it answers soon.
    """

    owner: str
    held: Mapping[str, int]
    free: int
    window: Callable[[str, int], int]
    last: str = ""
    quick: Callable[[str], bool] = lambda _endpoint_id: True


def due(work: Work) -> list[Candidate]:
    """Give every endpoint that has something due now."""
    rows = work.session.execute(DUE, {"now": work.now})
    return [Candidate(**row) for row in rows.mappings()]


def seconds_until_any(found: Sequence[Candidate], now: datetime) -> float | None:
    """Give when the first of those may go on that wait for their pace alone; None: none does."""
    waits = [seconds_to_wait(one.tat, now.timestamp(), one.rate) for one in found if one.active]
    return min((wait for wait in waits if wait), default=None)


def rooms(work: Work, found: Sequence[Candidate], hands: Hands) -> list[Room]:
    """Share the free places among endpoints: workspaces take turns and, in each, endpoints do.

    The health of those that get any is locked until the commit; an endpoint that another worker is
    just taking from is passed over.
    """
    chosen = _chosen(work, [one for one in found if one.active], hands)
    if not chosen:
        return []
    elsewhere = _held_elsewhere(work, hands.owner, [one.id for one in chosen])
    given, free = [], hands.free
    for one in chosen:
        at_once = _at_once(one, hands) - elsewhere.get(one.id, 0)
        most = min(_most(one, hands, at_once), max(free // 4, 1))
        spread = starts(one.tat, work.now.timestamp(), one.rate, max(most, 0))
        if spread.times and free > 0:
            free -= len(spread.times)
            given.append(Room(one, at_once, spread))
    _note(work, given)
    return given


def could_take(found: Sequence[Candidate], hands: Hands, now: datetime) -> bool:
    """Tell whether it is worth a transaction to take anything."""
    if any(not one.active for one in found):
        return True
    return hands.free > 0 and any(_has_room(one, hands, now) for one in found)


def _at_once(one: Candidate, hands: Hands) -> int:
    if one.failures >= BREAKER:
        return 1
    return min(one.concurrency, hands.window(one.id, one.concurrency))


def _most(one: Candidate, hands: Hands, at_once: int) -> int:
    """Give how many more may be taken, where so many may be under way from here."""
    held = hands.held.get(one.id, 0)
    if one.failures >= BREAKER:
        return min(at_once, 1) - held  # one tries whether it works again
    well = hands.window(one.id, one.concurrency) >= one.concurrency and hands.quick(one.id)
    return at_once * (AHEAD if well else 1) - held


def _has_room(one: Candidate, hands: Hands, now: datetime) -> bool:
    paced = seconds_to_wait(one.tat, now.timestamp(), one.rate)
    return not paced and _most(one, hands, _at_once(one, hands)) > 0


def _chosen(work: Work, found: Sequence[Candidate], hands: Hands) -> list[Candidate]:
    by_name = {
        f"{one.workspace_id}/{one.id}": one for one in found if _has_room(one, hands, work.now)
    }
    turns = [by_name[name] for name in in_turns(by_name, hands.last)][: hands.free]
    new = [
        {
            "id": one.id,
            "workspace_id": one.workspace_id,
            "failures": 0,
            "last_error": "",
            "tat": 0.0,
        }
        for one in turns
        if one.known is None
    ]
    if new:
        statement = insert_into(work.session, EndpointHealth).on_conflict_do_nothing()
        work.session.execute(statement.execution_options(**{CHECKED: True}), new)
    locked = _locked(work, [one.id for one in turns])
    return [_seen_again(one, locked[one.id]) for one in turns if one.id in locked]


def _locked(work: Work, ids: Sequence[str]) -> dict[str, tuple[float, int]]:
    if not ids:
        return {}
    rows = work.session.execute(
        select(HEALTH.c.id, HEALTH.c.tat, HEALTH.c.failures)
        .where(
            HEALTH.c.id.in_(ids),
            HEALTH.c.open_until.is_(None) | (HEALTH.c.open_until <= work.now),
        )
        .with_for_update(skip_locked=True)
    )
    return {row.id: (row.tat, row.failures) for row in rows}


def _seen_again(one: Candidate, locked: tuple[float, int]) -> Candidate:
    tat, failures = locked
    if (tat, failures) == (one.tat, one.failures):
        return one
    values: dict[str, Any] = {name: getattr(one, name) for name in Candidate.__slots__}
    return Candidate(**{**values, "tat": tat, "failures": failures})


def _held_elsewhere(work: Work, owner: str, ids: Sequence[str]) -> dict[str, int]:
    rows = work.session.execute(
        select(DELIVERIES.c.endpoint_id, func.count().label("number"))
        .where(
            DELIVERIES.c.leased_by.is_not(None),
            DELIVERIES.c.leased_by != owner,
            DELIVERIES.c.due_at > work.now,
            DELIVERIES.c.endpoint_id.in_(ids),
        )
        .group_by(DELIVERIES.c.endpoint_id)
    )
    return {row.endpoint_id: row.number for row in rows}


def _note(work: Work, given: Sequence[Room]) -> None:
    """Write down the pace of those that have one, and that a probe is under way."""
    probe = work.now + timedelta(seconds=PROBE_SECONDS)
    for one in given:
        values: dict[str, Any] = {}
        if one.candidate.rate:
            values["tat"] = one.starts.tat
        if one.candidate.failures >= BREAKER:
            values["open_until"] = probe
        if values:
            work.session.execute(
                update(HEALTH).where(HEALTH.c.id == one.candidate.id).values(values)
            )
