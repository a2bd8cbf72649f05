"""Work that comes round: schedules that become jobs when their time has come."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError
from sqlalchemy import select, update

from geminicrm.kernel.clock import format_instant, parse_instant
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.jobs.jobs import queue_of
from geminicrm.kernel.jobs.kinds import Claimed
from geminicrm.kernel.jobs.models import AT_ONCE, OPEN, SCHEDULES, Job, Schedule
from geminicrm.kernel.jobs.settling import Outcome
from geminicrm.kernel.work import Work, Works

SCHEDULE_ID: Final = "schedule_id"
PLANNED: Final = "planned_at"
MAX_ATTEMPTS: Final = 3
_BATCH: Final = 100
_JUMP: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A schedule as somebody wants it: five cron fields, read in an IANA zone."""

    name: str
    cron: str
    zone: str
    seconds: int
    description: str = ""


def cron_fault(cron: str) -> str | None:
    """Say what is wrong with five cron fields; None where they are right and come to pass."""
    try:
        next(CronSim(cron, datetime(2026, 1, 1)))  # noqa: DTZ001 - only whether there is a next one
    except (CronSimError, StopIteration) as error:
        return str(error) or "no day fits it"
    return None


def next_time(cron: str, zone: str, after: datetime) -> datetime:
    """Give the first planned time after an instant.

    Where clocks are put forward, a time that is left out comes right after the gap; where they are
    put back, a time that comes twice counts once. An unknown zone is read as UTC.
    """
    try:
        local = after.astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a folder of zones is none
        local = after
    return next(CronSim(cron, local)).astimezone(after.tzinfo)


def keep_schedules(
    work: Work, workspace_id: str, kind: str, target: str, wanted: Iterable[Wanted]
) -> None:
    """Make the schedules of a target those that are wanted, within the caller's transaction.

    One whose times have not changed goes on where it was.
    """
    rows = work.session.scalars(
        select(Schedule).where(
            Schedule.workspace_id == workspace_id, Schedule.kind == kind, Schedule.target == target
        )
    ).all()
    there = {row.name: row for row in rows}
    for one in wanted:
        row = there.pop(one.name, None)
        if row is None:
            row = Schedule(
                id=new_id("sch"), workspace_id=workspace_id, kind=kind, target=target,
                name=one.name, cron="", zone="", failures=0,
            )  # fmt: skip
            work.session.add(row)
        if (row.cron, row.zone) != (one.cron, one.zone):
            row.cron, row.zone = one.cron, one.zone
            row.next_at = next_time(one.cron, one.zone, work.now)
        row.seconds, row.description = one.seconds, one.description
    for left in there.values():
        work.session.delete(left)


def plan_anew(work: Work) -> None:
    """Bring next times back that lie too far ahead since the clock was set back."""
    rows = work.session.scalars(
        select(Schedule).where(Schedule.enabled, Schedule.next_at > work.now)
    )
    for row in rows:
        following = next_time(row.cron, row.zone, work.now)
        # A clock that is put right by a little does not make the last run come twice.
        just_run = row.last_at is not None and following <= row.last_at <= work.now + _JUMP
        if row.next_at > following and not just_run:
            row.next_at = following


class Schedules:
    """Makes jobs of what is due; any number of processes may do so at once."""

    def __init__(self, works: Works) -> None:
        self._works = works

    def tick(self) -> int:
        """Make a job of each schedule whose time has come, once; give how many there were.

        What was missed while nothing ran comes once, not as often as it was missed; where the run
        before still waits or runs, that one counts.
        """
        with self._works.across_workspaces("schedules: look for due ones") as work:
            due = self._due(work)
        made = 0
        for row in due:
            with self._works.across_workspaces("schedules: make a job", write=True) as work:
                made += self._fire(work, row)
        return made

    def settled(self, work: Work, outcomes: Sequence[Outcome]) -> None:
        """Count how often in a row each schedule has failed for good."""
        for one in outcomes:
            schedule_id = one.job.payload.get(SCHEDULE_ID)
            if schedule_id is None or not (one.over or one.how == "done"):
                continue
            failures = Schedule.failures + 1 if one.over else 0
            work.session.execute(
                update(SCHEDULES).where(Schedule.id == schedule_id).values(failures=failures)
            )

    def _due(self, work: Work) -> Sequence[Schedule]:
        return work.session.scalars(
            select(Schedule)
            .where(Schedule.enabled, Schedule.next_at <= work.now)
            .order_by(Schedule.next_at)
            .limit(_BATCH)
        ).all()

    def _fire(self, work: Work, seen: Schedule) -> int:
        row = work.session.get(Schedule, seen.id, with_for_update=True)
        if row is None or not row.enabled or row.next_at != seen.next_at:
            return 0  # another process was quicker
        if not self._open(work, row):
            self._enqueue(work, row)
        row.last_at, row.next_at = work.now, next_time(row.cron, row.zone, work.now)
        return 1

    def _enqueue(self, work: Work, row: Schedule) -> None:
        job = Job(
            id=new_id("job"),
            workspace_id=row.workspace_id,
            kind=row.kind,
            target=row.target,
            queue=queue_of(row.workspace_id, row.target),
            payload={SCHEDULE_ID: row.id, "name": row.name, PLANNED: format_instant(row.next_at)},
            unique_key=row.id,
            due_at=AT_ONCE,
            max_attempts=MAX_ATTEMPTS,
            seconds=row.seconds,
            created_at=work.now,
        )
        work.session.add(job)
        work.wake_workers()
        row.last_job_id = job.id

    def _open(self, work: Work, row: Schedule) -> bool:
        query = select(Job.id).where(
            Job.workspace_id == row.workspace_id,
            Job.kind == row.kind,
            Job.unique_key == row.id,
            Job.state.in_(OPEN),
        )
        return work.session.scalar(query) is not None


def planned_time(job: Claimed) -> datetime | None:
    """Give when a job that a schedule asked for was planned; None for another job."""
    text = job.payload.get(PLANNED)
    return parse_instant(text) if text else None
