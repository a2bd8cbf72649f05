"""What became of jobs, written down in one transaction for many."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, Protocol

from sqlalchemy import case, delete, text, update

from geminicrm.kernel.jobs.jobs import AT_ONCE
from geminicrm.kernel.jobs.kinds import MOST_NOTE, Claimed
from geminicrm.kernel.jobs.models import CANCELLED, DEAD, DONE, JOBS, QUEUED, RUNNING
from geminicrm.kernel.texts import storable
from geminicrm.kernel.work import Work

RETRY_SECONDS: Final = (1, 5, 30, 300, 1800)
"""The pauses after each failed attempt, up to a tenth shorter; the last one goes on."""
_SPREAD: Final = 0.1
_MOST_ERROR: Final = 4_000

How = Literal["done", "failed", "postponed", "interrupted", "released", "cancelled"]
"""Released is one that was not begun; one that was interrupted may have been done in part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one attempt; `seconds` is how much later a postponed one is due."""

    job: Claimed
    how: How
    error: str | None = None
    seconds: float = 0.0
    result: dict[str, Any] | None = None

    @property
    def over(self) -> bool:
        """Whether this was the last attempt, and it failed."""
        return self.how == "failed" and self.job.attempt >= self.job.max_attempts


class Watcher(Protocol):
    """Who hears what became of jobs, in the transaction that writes it down."""

    def settled(self, work: Work, outcomes: Sequence[Outcome]) -> None:
        """Hear of attempts that have ended; those of a lost lease may come twice."""
        ...


def settle(work: Work, owner: str, outcomes: Sequence[Outcome]) -> None:
    """Write down outcomes; what meanwhile was leased to somebody else is left to him."""
    _remove(work, owner, [one for one in outcomes if _leaves_nothing(one)])
    _release(work, owner, [one for one in outcomes if one.how == "released"])
    for one in outcomes:
        if not _leaves_nothing(one) and one.how != "released":
            _update(work, owner, one)


def _leaves_nothing(one: Outcome) -> bool:
    # A delivery that arrived says nothing more; the event itself stays.
    return one.how == "done" and one.job.event is not None


def _remove(work: Work, owner: str, outcomes: Sequence[Outcome]) -> None:
    if outcomes:
        ids = [one.job.id for one in outcomes]
        work.session.execute(delete(JOBS).where(JOBS.c.id.in_(ids), JOBS.c.leased_by == owner))


def _release(work: Work, owner: str, outcomes: Sequence[Outcome]) -> None:
    # Up to a whole group of them comes back for each slow job: one statement for all.
    if outcomes:
        work.session.execute(
            update(JOBS)
            .where(
                JOBS.c.id.in_([one.job.id for one in outcomes]),
                JOBS.c.leased_by == owner,
                JOBS.c.state == RUNNING,
            )
            .values(leased_by=None, attempts=JOBS.c.attempts - 1, **queued(work, AT_ONCE))
        )


def queued(work: Work, due_at: datetime) -> dict[str, Any]:
    """Give what makes a running job one that waits, or a cancelled one if somebody asked for it."""
    return {
        "state": case((JOBS.c.cancel_asked, CANCELLED), else_=QUEUED),
        "finished_at": case((JOBS.c.cancel_asked, work.now), else_=None),
        "due_at": due_at,
    }


def _update(work: Work, owner: str, one: Outcome) -> None:
    values = dict(_values(work, one))
    changed = work.session.execute(
        update(JOBS)
        .where(JOBS.c.id == one.job.id, JOBS.c.leased_by == owner, JOBS.c.state == RUNNING)
        .values(leased_by=None, **values)
    )
    rows = int(changed.rowcount)  # type: ignore[attr-defined]  # the stubs know no rows of an update
    if rows and "due_at" in values and one.job.order_key is not None:
        _hold_followers(work, one.job, values["due_at"])


def _values(work: Work, one: Outcome) -> Iterable[tuple[str, Any]]:
    job = one.job
    error = None if one.error is None else storable(one.error, _MOST_ERROR)
    if one.how == "interrupted":
        yield from queued(work, AT_ONCE).items()
        yield "max_attempts", job.max_attempts + 1
    elif one.how == "postponed":
        yield from queued(work, work.now + timedelta(seconds=one.seconds)).items()
        yield "attempts", job.attempt - 1
        yield "note", storable(one.error or "", MOST_NOTE)
    elif one.how == "failed" and not one.over:
        yield from queued(work, work.now + timedelta(seconds=pause_after(job.attempt))).items()
        yield "last_error", error
    else:
        yield "state", {"done": DONE, "failed": DEAD, "cancelled": CANCELLED}[one.how]
        yield "finished_at", work.now
        yield "result", one.result
        if error is not None:
            yield "last_error", error


def pause_after(attempt: int) -> float:
    """Give the seconds until the next attempt; spread, so that many do not come back at once."""
    seconds = RETRY_SECONDS[min(attempt, len(RETRY_SECONDS)) - 1]
    return seconds * random.uniform(1 - _SPREAD, 1)  # noqa: S311 - no secret


def _hold_followers(work: Work, job: Claimed, until: datetime) -> None:
    """Let those that wait for this one wait as long, so that nobody looks at them in vain."""
    work.session.execute(
        update(JOBS)
        .where(
            JOBS.c.kind == job.kind,
            JOBS.c.target == job.target,
            JOBS.c.order_key == job.order_key,
            JOBS.c.position > job.position,
            text("order_key IS NOT NULL AND state IN ('queued', 'running')"),
            JOBS.c.state == QUEUED,
            JOBS.c.due_at < until,
        )
        .values(due_at=until)
    )
