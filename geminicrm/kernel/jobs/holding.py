"""Jobs that wait for an earlier one of their record: put off, and due again when it is over.

Without that each claim would look at every one of them: thousands, where a record changes fast or
an earlier job waits for its next attempt.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import FromClause, Row, ScalarSelect, bindparam, select, text, update

from geminicrm.kernel.jobs.models import AT_ONCE, JOBS, Job
from geminicrm.kernel.work import Work

HOLD_SECONDS: Final = 600
"""After so long one that is held is looked at again, should nobody have woken it."""
_TOGETHER: Final = 50
Record = tuple[str, str, str]
"""Kind, target and order key: what comes in order."""

_EARLIER: Final = JOBS.alias("earlier")
_HELD_BACK: Final = JOBS.alias("held_back")
# As the index has it, word for word.
_OPEN_EARLIER: Final = (
    _EARLIER.c.order_key.is_not(None),
    text("earlier.state IN ('queued', 'running')"),
)


def _earlier_than(one: FromClause) -> tuple[Any, ...]:
    return (
        _EARLIER.c.kind == one.c.kind,
        _EARLIER.c.target == one.c.target,
        _EARLIER.c.order_key == one.c.order_key,
        *_OPEN_EARLIER,
    )


PREDECESSOR: Final[ScalarSelect[str]] = (
    select(_EARLIER.c.id)
    .where(*_earlier_than(JOBS), _EARLIER.c.position < JOBS.c.position)
    .order_by(_EARLIER.c.position.desc())
    .limit(1)
    .correlate(JOBS)
    .scalar_subquery()
)
"""The id of the open job that comes right before one of the same record; NULL for the first."""
_FIRST: Final = (
    select(_EARLIER.c.id)
    .where(*_earlier_than(_HELD_BACK))
    .order_by(_EARLIER.c.position)
    .limit(1)
    .correlate(_HELD_BACK)
    .scalar_subquery()
)
_ANY_HELD: Final = select(JOBS.c.order_key).where(text("held")).limit(1)
_OF_RECORD: Final = (
    _EARLIER.c.kind == bindparam("of_kind"),
    _EARLIER.c.target == bindparam("of_target"),
    _EARLIER.c.order_key == bindparam("of_key"),
    *_OPEN_EARLIER,
)
_NEXT: Final = (
    select(_EARLIER.c.id).where(*_OF_RECORD).order_by(_EARLIER.c.position).limit(_TOGETHER)
)
# A first one that is not held itself is still to be done: the others wait for it.
_NOTHING_BEFORE: Final = (
    select(_EARLIER.c.held)
    .where(*_OF_RECORD)
    .order_by(_EARLIER.c.position)
    .limit(1)
    .scalar_subquery()
)
_WAKE: Final = (
    update(JOBS)
    .where(text("held"), JOBS.c.id.in_(_NEXT), _NOTHING_BEFORE)
    .values(held=False, due_at=AT_ONCE)
)


def hold(work: Work, rows: Sequence[Row[Any]]) -> int:
    """Put off rows that the transaction has locked and that wait for an earlier one.

    Gives how many were: not those whose record somebody else is just writing to. That one may be
    about to end the earlier job, and would not wake what is held only afterwards; who gets hold of
    the first of a record here ends none before this is committed.
    """
    first_ones = select(_FIRST).where(_HELD_BACK.c.id.in_([row.id for row in rows]))
    locked = work.session.execute(
        select(JOBS.c.id, JOBS.c.kind, JOBS.c.target, JOBS.c.order_key)
        .where(JOBS.c.id.in_(first_ones))
        .with_for_update(skip_locked=True, of=JOBS)
    ).all()
    firsts = {row.id for row in locked}
    records = records_of(locked)
    put_off = [
        row.id
        for row in rows
        if row.id not in firsts and (row.kind, row.target, row.order_key) in records
    ]
    if put_off:
        until = work.now + timedelta(seconds=HOLD_SECONDS)
        work.session.execute(
            update(JOBS).where(JOBS.c.id.in_(put_off)).values(held=True, due_at=until)
        )
    return len(put_off)


def records_of(rows: Iterable[Any]) -> set[Record]:
    """Name the records that some jobs are of, which come in order."""
    return {(row.kind, row.target, row.order_key) for row in rows if row.order_key is not None}


def wake_behind(work: Work, row: Job) -> None:
    """Make due what is held behind a job of the workspace that somebody has ended."""
    work.session.flush()
    held = (
        Job.kind == row.kind,
        Job.target == row.target,
        Job.order_key == row.order_key,
        text("jobs.held"),
    )
    query = select(Job).where(*held).order_by(Job.position).limit(_TOGETHER)
    for one in work.session.scalars(query):
        one.held, one.due_at = False, AT_ONCE
    work.wake_workers()


def wake_followers(work: Work, records: Iterable[Record]) -> None:
    """Make due what is held of records of which a job has ended: as many as a claim takes.

    To be called after what ends it, in the same transaction.
    """
    wanted = sorted(set(records))
    if not wanted or work.session.execute(_ANY_HELD).first() is None:
        return
    work.session.execute(
        _WAKE,
        [{"of_kind": kind, "of_target": target, "of_key": key} for kind, target, key in wanted],
    )
