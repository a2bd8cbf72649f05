"""A kind of job whose code is the test's own."""

import threading
from collections.abc import Callable
from typing import Any

from sqlalchemy import insert, select

from geminicrm.app import Core
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.jobs.claims import Claim, find, lease
from geminicrm.kernel.jobs.jobs import NewJob, enqueue, queue_of
from geminicrm.kernel.jobs.kinds import Claimed, Run
from geminicrm.kernel.jobs.models import AT_ONCE, JOBS, QUEUED, Job
from geminicrm.kernel.work import Work
from tests.support.core import Tenant

KIND = "test:own"
Act = Callable[[Claimed, Run], dict[str, Any] | None]


def nothing(_job: Claimed, _run: Run) -> None:
    """Do nothing."""


class OwnKind:
    """Does what `act` does; keeps which jobs were begun, and how many ran at once for a target.

    `gate` is there for what `act` waits for; it opens in the end.
    """

    name = KIND

    def __init__(self, act: Act = nothing) -> None:
        self.act = act
        self.gate = threading.Event()
        self.begun: list[Claimed] = []
        self.most: dict[str, int] = {}
        self._now: dict[str, int] = {}
        self._lock = threading.Lock()

    def ready(self) -> bool:
        """Give True."""
        return True

    def run(self, job: Claimed, run: Run) -> dict[str, Any] | None:
        """Do it."""
        with self._lock:
            self.begun.append(job)
            self._now[job.target] = self._now.get(job.target, 0) + 1
            self.most[job.target] = max(self.most.get(job.target, 0), self._now[job.target])
        try:
            return self.act(job, run)
        finally:
            with self._lock:
                self._now[job.target] -= 1

    def wait(self, _job: Claimed, _run: Run) -> None:
        """Wait at the gate, as `act`."""
        self.gate.wait()

    def targets(self) -> list[str]:
        """Name the targets in the order in which their jobs were begun."""
        return [job.target for job in self.begun]


def ask(core: Core, tenant: Tenant, target: str = "", **wanted: Any) -> str:
    """Ask for one job and give its id."""
    with core.works.write(tenant.system()) as work:
        return enqueue(work, NewJob(kind=KIND, target=target, **wanted))


def ask_for_many(core: Core, tenant: Tenant, target: str, count: int) -> None:
    """Ask for many jobs at once, without a word to anybody."""
    with core.works.across_workspaces("ask for many", write=True) as work:
        row = {"workspace_id": tenant.id, "kind": KIND, "target": target, "state": QUEUED,
               "queue": queue_of(tenant.id, target), "due_at": AT_ONCE, "attempts": 0,
               "max_attempts": 6, "seconds": 60, "cancel_asked": False,
               "created_at": work.now}  # fmt: skip
        work.session.execute(insert(JOBS), [{"id": new_id("job"), **row} for _ in range(count)])


def take(work: Work, owner: str, claim: Claim) -> list[Claimed]:
    """Find and lease what one thread of a worker gets."""
    rows = find(work, claim)
    return [job for jobs in lease(work, owner, [rows] if rows else []) for job in jobs]


def row_of(core: Core, job_id: str) -> Job:
    """Give the row of a job."""
    with core.works.across_workspaces("look") as work:
        return work.session.scalars(select(Job).where(Job.id == job_id)).one()
