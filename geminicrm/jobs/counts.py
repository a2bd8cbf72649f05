"""Counting jobs in milliseconds, also where there are millions: no count goes on past `MOST`."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Integer, Result, Row, Select, TextualSelect, bindparam, func, select, text

from geminicrm.jobs.listing import ENDED_WORDS
from geminicrm.kernel.jobs.models import OPEN, RUNNING, STATES, Job
from geminicrm.kernel.tenancy import CHECKED, WORKSPACE
from geminicrm.kernel.work import Work

MOST: Final = 10_000
"""A count ends here; one that is greater means: more than so many."""
_NEXT: Final = 100
_OPEN: Final = "state IN ('queued', 'running')"
# From one queue to the next by the index, as the claims do it, within the names of one workspace.
_QUEUES: Final = (
    text(
        "WITH RECURSIVE queues(queue) AS (SELECT MIN(queue) FROM jobs "  # noqa: S608 - our own words
        f"WHERE {_OPEN} AND queue >= :first "
        f"UNION ALL SELECT (SELECT MIN(jobs.queue) FROM jobs WHERE {_OPEN} "
        "AND jobs.queue > queues.queue) FROM queues "
        "WHERE substr(queues.queue, 1, :length) = :first) "
        "SELECT queue, "
        f"(SELECT COUNT(*) FROM (SELECT 1 FROM jobs WHERE {_OPEN} "
        "AND jobs.queue = queues.queue LIMIT :most) AS counted) AS amount, "
        f"(SELECT MIN(created_at) FROM (SELECT created_at FROM jobs WHERE {_OPEN} "
        "AND jobs.queue = queues.queue ORDER BY due_at, id LIMIT :next) AS oldest) AS oldest "
        "FROM queues WHERE substr(queues.queue, 1, :length) = :workspace_id || '/'"
    )
    .bindparams(bindparam(WORKSPACE, type_=Job.workspace_id.type))
    .columns(queue=Job.queue.type, amount=Integer, oldest=Job.created_at.type)
)
_DEAD: Final = "jobs.workspace_id = :workspace_id AND jobs.state = 'dead'"


def _targets(dead: str) -> TextualSelect:
    """Go from one target to the next by the index of ended jobs."""
    statement = text(
        f"WITH RECURSIVE targets(target) AS (SELECT MIN(target) FROM jobs WHERE {dead} "  # noqa: S608 - our own words
        f"UNION ALL SELECT (SELECT MIN(jobs.target) FROM jobs WHERE {dead} "
        "AND jobs.target > targets.target) FROM targets WHERE targets.target IS NOT NULL) "
        f"SELECT target, (SELECT COUNT(*) FROM (SELECT 1 FROM jobs WHERE {dead} "
        "AND jobs.target = targets.target LIMIT :most) AS counted) AS amount "
        "FROM targets WHERE target IS NOT NULL"
    )
    held = statement.bindparams(bindparam(WORKSPACE, type_=Job.workspace_id.type))
    return held.columns(target=Job.target.type, amount=Integer)


_DEAD_TARGETS: Final = {
    "sqlite": _targets(f"{_DEAD} AND {ENDED_WORDS}"),
    "postgresql": _targets(_DEAD),
}
_HELD: Final = {CHECKED: True}
_LATEST: Final = (
    select(Job.kind, Job.target)
    .where(Job.workspace_id == bindparam(WORKSPACE), Job.state == bindparam("wanted"))
    .order_by(Job.id.desc())
    .limit(MOST + 1)
    .subquery()
)
_COUNT: Final = select(func.count()).select_from(
    select(Job.id)
    .where(Job.workspace_id == bindparam(WORKSPACE), Job.state == bindparam("wanted"))
    .limit(MOST + 1)
    .subquery()
)
_GROUPS: Final = select(_LATEST.c.kind, _LATEST.c.target, func.count().label("amount")).group_by(
    _LATEST.c.kind, _LATEST.c.target
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """How much there is for one target; no count goes on past `MOST`.

    `oldest` is when the one was asked for that waits longest among the 100 that come next.
    """

    target: str
    queued: int = 0
    running: int = 0
    dead: int = 0
    oldest: datetime | None = None


def of_states(work: Work) -> dict[str, int]:
    """Count the jobs of the workspace in each state, up to one more than `MOST`."""
    return {state: _ask(work, _COUNT, state).scalar_one() for state in STATES}


def oldest(work: Work) -> datetime | None:
    """Give when the open job was asked for that is open for longest; None where none is."""
    found = [
        work.session.scalar(
            select(Job.created_at).where(Job.state == state).order_by(Job.id).limit(1)
        )
        for state in OPEN
    ]
    return min((one for one in found if one is not None), default=None)


def backlogs(work: Work) -> list[Backlog]:
    """Give each target of the workspace that has jobs queued, running or failed, by its name."""
    first = f"{work.workspace_id}/"
    given = {"first": first, "length": len(first), "most": MOST + 1, "next": _NEXT}
    rows = work.session.execute(
        _QUEUES, {**given, WORKSPACE: work.workspace_id}, execution_options=_HELD
    )
    opened = {row.queue.removeprefix(first): row for row in rows}
    running = _by_target(by_kind_and_target(work, RUNNING))
    dead = _dead(work)
    return [
        _backlog(target, opened.get(target), running.get(target, 0), dead.get(target, 0))
        for target in sorted({*opened, *running, *dead})
    ]


def by_kind_and_target(work: Work, state: str) -> Mapping[tuple[str, str], int]:
    """Count the latest jobs in a state, `MOST` and one in all, by kind and target."""
    return {(row.kind, row.target): row.amount for row in _ask(work, _GROUPS, state)}


def _dead(work: Work) -> dict[str, int]:
    given = {WORKSPACE: work.workspace_id, "most": MOST + 1}
    statement = _DEAD_TARGETS[work.session.get_bind().dialect.name]
    rows = work.session.execute(statement, given, execution_options=_HELD)
    return {row.target: row.amount for row in rows}


def _ask(work: Work, statement: Select[Any], state: str) -> Result[Any]:
    given = {WORKSPACE: work.workspace_id, "wanted": state}
    return work.session.execute(statement, given, execution_options=_HELD)


def _by_target(groups: Mapping[tuple[str, str], int]) -> Counter[str]:
    found: Counter[str] = Counter()
    for (_, target), count in groups.items():
        found[target] += count
    return found


def _backlog(target: str, opened: Row[Any] | None, running: int, dead: int) -> Backlog:
    if opened is None:
        return Backlog(target=target, running=running, dead=dead)
    # Both were counted one after the other: meanwhile some may have begun.
    queued = opened.amount if opened.amount > MOST else max(opened.amount - running, 0)
    return Backlog(target=target, queued=queued, running=running, dead=dead, oldest=opened.oldest)
