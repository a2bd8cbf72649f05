"""What became of jobs, written down in one transaction for many."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, Protocol

from sqlalchemy import delete, text, update

from geminicrm.kernel.jobs.jobs import AT_ONCE
from geminicrm.kernel.jobs.kinds import Claimed
from geminicrm.kernel.jobs.models import CANCELLED, DEAD, DONE, JOBS, QUEUED, RUNNING
from geminicrm.kernel.work import Work

RETRY_SECONDS: Final = (1, 5, 30, 300, 1800)
"""The pauses after each failed attempt, less or more a tenth; the last one goes on."""
_SPREAD: Final = 0.1

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
    for one in outcomes:
        if not _leaves_nothing(one):
            _update(work, owner, one)


def _leaves_nothing(one: Outcome) -> bool:
    # A delivery that arrived says nothing more; the event itself stays.
    return one.how == "done" and one.job.event is not None


def _remove(work: Work, owner: str, outcomes: Sequence[Outcome]) -> None:
    if outcomes:
        ids = [one.job.id for one in outcomes]
        work.session.execute(delete(JOBS).where(JOBS.c.id.in_(ids), JOBS.c.leased_by == owner))


def _update(work: Work, owner: str, one: Outcome) -> None:
    values = dict(_values(work, one))
    changed = work.session.execute(
        update(JOBS)
        .where(JOBS.c.id == one.job.id, JOBS.c.leased_by == owner, JOBS.c.state == RUNNING)
        .values(leased_by=None, **values)
    )
    rows = int(changed.rowcount)  # type: ignore[attr-defined]  # the stubs know no rows of an update
    if rows and values["state"] == QUEUED and one.job.order_key is not None:
        _hold_followers(work, one.job, values["due_at"])


def _values(work: Work, one: Outcome) -> Iterable[tuple[str, Any]]:
    if one.how == "released":
        yield from {"state": QUEUED, "due_at": AT_ONCE, "attempts": one.job.attempt - 1}.items()
    elif one.how == "interrupted":
        yield from {"state": QUEUED, "due_at": AT_ONCE,
                    "max_attempts": one.job.max_attempts + 1}.items()  # fmt: skip
    elif one.how == "postponed":
        due = work.now + timedelta(seconds=one.seconds)
        yield from {"state": QUEUED, "due_at": due, "attempts": one.job.attempt - 1,
                    "note": (one.error or "")[:300]}.items()  # fmt: skip
    elif one.how == "failed" and not one.over:
        due = work.now + timedelta(seconds=pause_after(one.job.attempt))
        yield from {"state": QUEUED, "due_at": due, "last_error": one.error}.items()
    else:
        state = {"done": DONE, "failed": DEAD, "cancelled": CANCELLED}[one.how]
        yield from {"state": state, "finished_at": work.now, "result": one.result}.items()
        if one.error is not None:
            yield "last_error", one.error


def pause_after(attempt: int) -> float:
    """Give the seconds until the next attempt; spread, so that many do not come back at once."""
    seconds = RETRY_SECONDS[min(attempt, len(RETRY_SECONDS)) - 1]
    return seconds * random.uniform(1 - _SPREAD, 1 + _SPREAD)  # noqa: S311 - no secret


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
