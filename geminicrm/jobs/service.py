"""What admins and operators do with jobs: look, cancel, retry."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select

from geminicrm.identity.actor import PersonActor, SystemActor
from geminicrm.jobs import counts, listing, shapes, timetable, workers
from geminicrm.jobs.protocols import Alive, Label, Labels, MayRead
from geminicrm.jobs.question import Question
from geminicrm.kernel.clock import format_instant
from geminicrm.kernel.errors import Conflict, NotFound, ScopeMissing
from geminicrm.kernel.jobs import jobs
from geminicrm.kernel.jobs.models import DEAD, Job
from geminicrm.kernel.work import Actor, Work, Works

MANAGE: Final = "manage:extensions"
"""Who looks after the jobs of a workspace: those who install and switch off what they are for."""
OPERATE: Final = "operate:instance"
"""Who sees the workers, and the CRM's own jobs, which are no workspace's."""
INSTANCE: Final = ""
MOST_AT_ONCE: Final = 10_000
"""So many jobs at most are retried by one request."""
_BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class Listed:
    """One page of jobs; `next_cursor` is None on the last."""

    data: list[dict[str, Any]]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Retried:
    """How many failed jobs were queued again; `refused` stay failed, `left` may be asked for."""

    retried: int
    refused: int
    left: bool


def of_instance(actor: PersonActor | SystemActor) -> PersonActor | SystemActor:
    """Give the actor that looks after the CRM's own jobs instead of a workspace's."""
    return replace(actor, workspace_id=INSTANCE)


class Jobs:
    """The jobs of the actor's workspace; all of it raises ScopeMissing for who may not."""

    def __init__(self, works: Works, labels: Labels, may_read: MayRead, alive: Alive) -> None:
        self._works = works
        self._labels = labels
        self._may_read = may_read
        self._alive = alive

    def page(self, actor: Actor, question: Question) -> Listed:
        """Give one page. ValidationFailed for a wrong cursor."""
        _check(actor)
        with self._works.read(actor) as work:
            rows, cursor = listing.rows(work, question)
            labels = self._labels(work, {row.target for row in rows})
            types = shapes.types_of(work, rows)
        return Listed([shapes.in_list(row, labels, types) for row in rows], cursor)

    def summary(self, actor: Actor) -> dict[str, Any]:
        """Count what there is, in all and for each target; the workers are for operators only."""
        _check(actor)
        with self._works.read(actor) as work:
            states = counts.of_states(work)
            oldest = counts.oldest(work)
            backlogs = counts.backlogs(work)
            labels = self._labels(work, {one.target for one in backlogs})
            now = work.now
        return {
            "at": format_instant(now),
            "most": counts.MOST,
            "states": states,
            "oldest_seconds": _age(oldest, now),
            "targets": sorted((_backlog(one, labels, now) for one in backlogs), key=_by_name),
            "workers": self._workers(actor, labels) if actor.allows(OPERATE) else None,
        }

    def failed(self, actor: Actor) -> list[dict[str, Any]]:
        """Count the latest failed jobs by kind and target, for a retry of all of them."""
        _check(actor)
        with self._works.read(actor) as work:
            groups = counts.by_kind_and_target(work, DEAD)
            labels = self._labels(work, {target for _, target in groups})
        return [
            {"kind": kind, "target": target, "target_name": _name(labels, target), "jobs": count}
            for (kind, target), count in sorted(groups.items())
        ]

    def schedules(self, actor: Actor) -> list[dict[str, Any]]:
        """Give what comes round, what is due next first."""
        _check(actor)
        with self._works.read(actor) as work:
            rows = timetable.rows(work)
            labels = self._labels(work, {row.target for row in rows})
        return [timetable.shape(row, labels) for row in rows]

    def get(self, actor: Actor, job_id: str) -> dict[str, Any]:
        """Give one job whole. NotFound."""
        _check(actor)
        with self._works.read(actor) as work:
            return self._whole(work, work.get(Job, job_id))

    def label(self, actor: Actor, target: str) -> Label | None:
        """Give what people call a target; None where there is no such one now."""
        _check(actor)
        with self._works.read(actor) as work:
            return self._labels(work, {target}).get(target)

    def cancel(self, actor: Actor, job_id: str) -> dict[str, Any]:
        """End a job that waits, ask one that runs to end. NotFound, Conflict."""
        _check(actor)
        with self._works.write(actor) as work:
            row = _locked(work, job_id)
            jobs.cancel(work, row)
            work.audit("job.cancelled", row.id, {"kind": row.kind, "target": row.target})
            return self._whole(work, row)

    def retry(self, actor: Actor, job_id: str) -> dict[str, Any]:
        """Queue a job again that has failed or was cancelled. NotFound, Conflict."""
        _check(actor)
        with self._works.write(actor) as work:
            row = _locked(work, job_id)
            jobs.again(work, row)
            work.audit("job.retried", row.id, {"kind": row.kind, "target": row.target})
            return self._whole(work, row)

    def retry_all(self, actor: Actor, kind: str, target: str) -> Retried:
        """Queue all failed jobs of a kind and target again, the oldest first, a part at a time."""
        _check(actor)
        retried, refused, after = 0, 0, ""
        while retried + refused < MOST_AT_ONCE:
            with self._works.write(actor) as work:
                rows = _dead_ones(work, kind, target, after)
                done = sum(_again(work, row) for row in rows)
                if done:
                    said = {"kind": kind, "target": target, "jobs": done}
                    work.audit("job.all_retried", target, said)
            retried, refused = retried + done, refused + len(rows) - done
            if len(rows) < _BATCH:
                return Retried(retried, refused, left=False)
            after = rows[-1].id
        return Retried(retried, refused, left=True)

    def _whole(self, work: Work, row: Job) -> dict[str, Any]:
        labels = self._labels(work, {row.target})
        shown = work.actor.allows(OPERATE)
        return shapes.whole(work, row, labels, self._may_read, worker=shown)

    def _workers(self, actor: Actor, labels: Mapping[str, Label]) -> list[dict[str, Any]]:
        with self._works.across_workspaces("jobs: see which worker holds what") as work:
            holding = workers.held(work)
        return workers.shapes(self._alive(), holding, actor.workspace_id, labels)


def _check(actor: Actor) -> None:
    scope = OPERATE if actor.workspace_id == INSTANCE else MANAGE
    if not actor.allows(scope):
        raise ScopeMissing(scope, actor.label)


def _locked(work: Work, job_id: str) -> Job:
    """Read a job that no worker takes or settles meanwhile."""
    row = work.session.scalar(select(Job).where(Job.id == job_id).with_for_update())
    if row is None:
        raise NotFound("job", job_id)
    return row


def _dead_ones(work: Work, kind: str, target: str, after: str) -> Sequence[Job]:
    query = listing.ended(work, DEAD, target).where(Job.kind == kind, Job.id > after)
    return work.session.scalars(query.order_by(Job.id).limit(_BATCH).with_for_update()).all()


def _again(work: Work, row: Job) -> bool:
    try:
        jobs.again(work, row)
    except Conflict:
        return False  # its unique place was taken meanwhile: that one does the same
    return True


def _backlog(one: counts.Backlog, labels: Mapping[str, Label], now: datetime) -> dict[str, Any]:
    return {
        "target": one.target,
        "target_name": _name(labels, one.target),
        "url": labels[one.target].url if one.target in labels else None,
        "queued": one.queued,
        "running": one.running,
        "dead": one.dead,
        "oldest_seconds": _age(one.oldest, now),
    }


def _by_name(one: Mapping[str, Any]) -> tuple[bool, str, str]:
    return one["target_name"] is None, one["target_name"] or "", one["target"]


def _name(labels: Mapping[str, Label], target: str) -> str | None:
    return labels[target].name if target in labels else None


def _age(since: datetime | None, now: datetime) -> int | None:
    return max(int((now - since).total_seconds()), 0) if since is not None else None
