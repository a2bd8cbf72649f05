"""What became of jobs, written down in one transaction for many."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, Protocol

from sqlalchemy import bindparam, case, delete, func, update

from geminicrm.kernel.jobs.holding import records_of, wake_followers
from geminicrm.kernel.jobs.kinds import MOST_NOTE, Claimed
from geminicrm.kernel.jobs.models import AT_ONCE, CANCELLED, DEAD, DONE, JOBS, QUEUED, RUNNING
from geminicrm.kernel.jobs.tries import failed_try, with_try
from geminicrm.kernel.texts import storable
from geminicrm.kernel.work import Work

RETRY_SECONDS: Final = (1, 5, 30, 300, 1800)
"""The pauses after each failed attempt, up to a tenth shorter; the last one goes on."""
_SPREAD: Final = 0.1
KILLED: Final = "the worker was killed while it ran"
_MOST_ERROR: Final = 4_000
_REMOVE: Final = delete(JOBS).where(
    JOBS.c.id.in_(bindparam("ids", expanding=True)), JOBS.c.leased_by == bindparam("owner")
)

How = Literal["done", "failed", "postponed", "interrupted", "released", "cancelled"]
"""Released is one that was not begun; one that was interrupted may have been done in part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one attempt; `seconds` is how much later a postponed one is due.

    `took` is how long it ran, in seconds.
    """

    job: Claimed
    how: How
    error: str | None = None
    seconds: float = 0.0
    took: float = 0.0
    result: dict[str, Any] | None = None

    @property
    def over(self) -> bool:
        """Whether this was the last attempt, and it failed."""
        return self.how == "failed" and self.job.attempt >= self.job.max_attempts

    @property
    def ended(self) -> bool:
        """Whether the job does not come again by itself."""
        return self.how in {"done", "cancelled"} or self.over


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
    wake_followers(work, records_of(one.job for one in outcomes))


def _leaves_nothing(one: Outcome) -> bool:
    # A delivery that arrived says nothing more; the event itself stays.
    return one.how == "done" and one.job.event is not None


def _remove(work: Work, owner: str, outcomes: Sequence[Outcome]) -> None:
    if outcomes:
        ids = [one.job.id for one in outcomes]
        work.session.execute(_REMOVE, {"ids": ids, "owner": owner})


def _release(work: Work, owner: str, outcomes: Sequence[Outcome]) -> None:
    # Up to a whole group of them comes back for each slow job: one statement for all.
    for attempt in {one.job.attempt for one in outcomes}:
        ids = [one.job.id for one in outcomes if one.job.attempt == attempt]
        work.session.execute(
            update(JOBS)
            .where(JOBS.c.id.in_(ids), JOBS.c.leased_by == owner, JOBS.c.state == RUNNING)
            .values(leased_by=None, attempts=attempt - 1, **queued(work, AT_ONCE))
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
    if one.how == "failed" and one.job.attempt <= one.job.max_attempts:
        failed = failed_try(work, owner, one.took, one.error or "")
        values["tries"] = with_try(one.job.tries, failed)
    work.session.execute(
        update(JOBS)
        .where(JOBS.c.id == one.job.id, JOBS.c.leased_by == owner, JOBS.c.state == RUNNING)
        .values(leased_by=None, **values)
    )


def _values(work: Work, one: Outcome) -> Iterable[tuple[str, Any]]:
    job = one.job
    # One that is taken to be given up, after its last attempt has killed a worker, is none more.
    yield "attempts", min(job.attempt, job.max_attempts)
    began = work.now - timedelta(seconds=one.took)
    yield "started_at", func.coalesce(JOBS.c.started_at, began)
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
