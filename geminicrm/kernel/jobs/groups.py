"""A few jobs of one queue in the hands of one thread."""

import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import orjson
import structlog

from geminicrm.kernel.jobs.kinds import (
    Cancelled,
    Claimed,
    Interrupted,
    Kind,
    Overran,
    Postponed,
    Run,
)
from geminicrm.kernel.jobs.settling import KILLED, Outcome

GROUP_SECONDS: Final = 2.0
"""After so long a thread gives back what it has not begun, for others to have their turn."""
_GRACE_SECONDS: Final = 10.0
_NUL: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_log = structlog.get_logger(__name__)


class Group:
    """Runs its jobs one after another; each outcome is told to `ended` as it comes."""

    def __init__(
        self, queue: str, jobs: Sequence[Claimed], ended: Callable[[Outcome], None]
    ) -> None:
        self.queue = queue
        self.suspects = {job.id for job in jobs if job.killed}
        self._left = list(reversed(jobs))
        self._ended = ended
        self._lock = threading.Lock()
        self._now: tuple[Claimed, Run] | None = None
        self._cancelled: set[str] = set()
        self._given_up = False
        self._stopping = False
        self._noted = jobs[0].id  # its attempt was counted with the lease

    def held(self) -> list[str]:
        """Name the jobs that are leased for this group and not told of yet."""
        with self._lock:
            now = [] if self._now is None or self._given_up else [self._now[0].id]
            return [*now, *(job.id for job in self._left)]

    def begun(self) -> Claimed | None:
        """Give the running job, unless it is known that it has begun: see `noted`."""
        with self._lock:
            job = None if self._now is None else self._now[0]
        return None if job is None or job.id == self._noted else job

    def noted(self, job: Claimed) -> None:
        """Hear that it is written down that a job has begun."""
        self._noted = job.id

    def said(self) -> tuple[str, int, str] | None:
        """Give what the running job has said of itself since this was asked last."""
        with self._lock:
            if self._now is None or self._now[1].said is None:
                return None
            job, run = self._now
            percent, note = run.said or (0, "")
            run.said = None
            return job.id, percent, note

    def cancel(self, ids: set[str]) -> None:
        """Ask the running job to end, if it is one of these; those that wait will not begin."""
        with self._lock:
            self._cancelled |= ids
            if self._now is not None and self._now[0].id in ids:
                self._now[1].cancel()

    def stop(self) -> None:
        """Begin nothing more, and ask what runs to end."""
        with self._lock:
            self._stopping = True
            if self._now is not None:
                self._now[1].stop()

    def give_up_if_overdue(self) -> bool:
        """Give up a thread that hangs: its job has failed, the others go back. Tell whether so."""
        with self._lock:
            if self._given_up or self._now is None or self._now[1].overdue_by < _GRACE_SECONDS:
                return False
            self._given_up = True
            job, run = self._now
            left, self._left = self._left, []
        error = f"it did not end within {job.seconds} s, and hangs"
        took = job.seconds + run.overdue_by
        self._ended(Outcome(job=job, how="failed", error=error, took=took))
        self._release(left)
        return True

    def run(self, kinds: Mapping[str, Kind]) -> None:
        """Do the jobs; what is not begun in time is given back."""
        until = time.monotonic() + GROUP_SECONDS
        while (begun := self._begin(until)) is not None:
            job, run = begun
            outcome = attempt(kinds[job.kind], job, run)
            with self._lock:
                self._now = None
                if self._given_up:
                    return
                followers = self._without_followers(outcome)
            self._ended(outcome)
            self._release(followers)

    def _begin(self, until: float) -> tuple[Claimed, Run] | None:
        with self._lock:
            if not self._left:
                return None
            if not self._stopping and time.monotonic() < until:
                job = self._left.pop()
                self._now = job, Run(job.seconds)
                if job.cancel_asked or job.id in self._cancelled:
                    self._now[1].cancel()
                return self._now
            left, self._left = self._left, []
        self._release(left)
        return None

    def _without_followers(self, outcome: Outcome) -> list[Claimed]:
        """Take out what has to wait, since the job of its record before it comes again."""
        first = outcome.job
        if outcome.ended or first.order_key is None:
            return []
        record = (first.kind, first.target, first.order_key)
        followers = [one for one in self._left if (one.kind, one.target, one.order_key) == record]
        self._left = [one for one in self._left if one not in followers]
        return followers

    def _release(self, jobs: Sequence[Claimed]) -> None:
        for one in jobs:
            self._ended(Outcome(job=one, how="released"))


def attempt(kind: Kind, job: Claimed, run: Run) -> Outcome:
    """Do a job once and say what became of it."""
    if job.attempt > job.max_attempts:
        return Outcome(job=job, how="failed", error=KILLED)
    began = time.monotonic()
    try:
        run.check()  # it may have been cancelled before it began
        outcome = Outcome(job=job, how="done", result=_kept(kind.run(job, run)))
    except BaseException as error:  # noqa: BLE001 - border: a job may fail in any way, by exit() too; it is tried again
        outcome = _outcome_of(job, error)
    return replace(outcome, took=time.monotonic() - began)


def _kept(result: dict[str, Any] | None) -> dict[str, Any] | None:
    """Give back a result that a database takes; one that none takes would hold up all others."""
    try:
        text = orjson.dumps(result)
    except TypeError as error:
        raise TypeError(f"its result is no JSON: {error}") from error
    if _NUL.search(text):
        raise ValueError("its result has the character NUL, which the database does not take")
    return result


def _outcome_of(job: Claimed, error: BaseException) -> Outcome:
    match error:
        case Postponed():
            return Outcome(job=job, how="postponed", error=str(error), seconds=error.seconds)
        case Cancelled():
            return Outcome(job=job, how="cancelled", error=str(error))
        case Interrupted():
            return Outcome(job=job, how="interrupted")
        case Overran():
            return Outcome(job=job, how="failed", error=f"it did not end within {job.seconds} s")
    _log.warning(
        "job failed",
        job_id=job.id,
        kind=job.kind,
        target=job.target,
        event_id=job.event.id if job.event is not None else None,
        attempt=job.attempt,
        error=str(error),
    )
    return Outcome(job=job, how="failed", error=f"{type(error).__name__}: {error}")
