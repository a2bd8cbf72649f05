"""What became of jobs, told to admins where it needs them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final, Protocol

from sqlalchemy import func, select

from geminicrm.kernel.jobs.kinds import Claimed
from geminicrm.kernel.jobs.models import DEAD, Job, Schedule
from geminicrm.kernel.jobs.retention import DeadLetters
from geminicrm.kernel.jobs.schedules import SCHEDULE_ID
from geminicrm.kernel.jobs.settling import Outcome
from geminicrm.kernel.work import Work
from geminicrm.notifications.notices import (
    LEAVING,
    Letters,
    dead_letter,
    dead_letters_gone,
    dead_letters_leaving,
    dead_letters_removed,
    leaving_key,
    schedule_failing,
    schedule_works,
)
from geminicrm.notifications.raising import open_keys, resolve

_MOST_COUNTED: Final = 10_000


class Labels(Protocol):
    """Whom jobs are done for, in words."""

    def __call__(self, work: Work, targets: Collection[str]) -> Mapping[str, str]:
        """Give a name for each target that has one."""
        ...


class JobNotices:
    """Watches jobs: tells of dead letters and failing schedules, and when they are mended.

    Dead letters that have no target, or none with a name, are called by their kind.
    """

    def __init__(self, labels: Labels, kinds: Mapping[str, str]) -> None:
        self._labels = labels
        self._kinds = kinds

    def settled(self, work: Work, outcomes: Sequence[Outcome]) -> None:
        """Tell of what has failed for good, and note what is well again."""
        # In one order, so that two workers do not wait for each other's rows.
        for queue, found in sorted(_by_queue(outcomes).items()):
            self._queue(work, queue, found)
        for schedule_id, one in sorted(_by_schedule(outcomes).items()):
            _schedule(work, schedule_id, one)

    def _queue(self, work: Work, queue: str, outcomes: Sequence[Outcome]) -> None:
        job = outcomes[-1].job
        count = _dead(work, job.workspace_id, queue)
        failed = [one for one in outcomes if one.over]
        if failed:
            letters = self._named(work, job)
            dead_letter(work, letters, failed[-1].error or "", count)
        elif not count:
            dead_letters_gone(work, job.workspace_id, queue)

    def leaving(self, work: Work, found: Sequence[DeadLetters]) -> None:
        """Tell once of what will be removed soon, and note where it is retried or gone."""
        told = open_keys(work, LEAVING)
        soon = {(one.workspace_id, leaving_key(one.queue)): one for one in found}
        for workspace_id, key in sorted(told - set(soon)):
            resolve(work, workspace_id, key)
        for place in sorted(set(soon) - told):
            one = soon[place]
            letters = self._named(work, one)
            dead_letters_leaving(work, letters, one.count, one.removed_at)

    def removed(self, work: Work, gone: Sequence[DeadLetters]) -> None:
        """Tell what has gone without a retry."""
        for one in sorted(gone, key=lambda each: each.queue):
            left = _dead(work, one.workspace_id, one.queue)
            letters = self._named(work, one)
            dead_letters_removed(work, letters, left)

    def _named(self, work: Work, one: Claimed | DeadLetters) -> Letters:
        label = self._labels(work, {one.target}).get(one.target)
        return Letters(
            workspace_id=one.workspace_id,
            queue=one.queue,
            label=label or self._kinds.get(one.kind, one.kind),
            target=one.target,
            kind=one.kind,
        )


def _by_queue(outcomes: Sequence[Outcome]) -> dict[str, list[Outcome]]:
    """Sort out what has failed for good, and what may have been one of these before."""
    found: dict[str, list[Outcome]] = {}
    for one in outcomes:
        if (
            one.over or (one.how == "done" and one.job.again)
        ) and SCHEDULE_ID not in one.job.payload:
            found.setdefault(one.job.queue, []).append(one)
    return found


def _by_schedule(outcomes: Sequence[Outcome]) -> dict[str, Outcome]:
    return {
        one.job.payload[SCHEDULE_ID]: one
        for one in outcomes
        if SCHEDULE_ID in one.job.payload and (one.over or one.how == "done")
    }


def _schedule(work: Work, schedule_id: str, one: Outcome) -> None:
    if not one.over:
        schedule_works(work, one.job.workspace_id, schedule_id)
        return
    row = work.session.get(Schedule, schedule_id, populate_existing=True)
    if row is not None:
        reason = one.error or ""
        schedule_failing(work, row.workspace_id, row.id, row.name, row.failures, reason)


def _dead(work: Work, workspace_id: str, queue: str) -> int:
    some = (
        select(Job.id)
        .where(Job.workspace_id == workspace_id, Job.state == DEAD, Job.queue == queue)
        .limit(_MOST_COUNTED)
        .subquery()
    )
    return work.session.scalar(select(func.count()).select_from(some)) or 0
