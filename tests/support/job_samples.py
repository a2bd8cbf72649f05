"""Extensions that ask for jobs and do them, and a worker's hands for them."""

from typing import Any

from sqlalchemy import select

from geminicrm.app import Core
from geminicrm.kernel.jobs.models import Job
from geminicrm.runtime.runtime import ExtensionRuntime
from tests.support.core import Tenant
from tests.support.sample_extensions import with_method
from tests.support.working import Hands

WORKER = with_method(
    """
    seen = []

    @hookimpl
    def run_job(self, job):
        self.seen.append((job.name, job.payload, job.attempt, job.again, self.app.actor.kind))
        if job.name == "crash" and not job.again:
            raise ValueError("crash")
        if job.name == "down":
            raise Unavailable("the other side is down")
        if job.name == "more" and job.payload:
            self.app.jobs.enqueue("more", job.payload - 1)
        job.progress(50, "half of it")

    @hookimpl
    def on_schedule(self, schedule):
        self.seen.append((schedule.id, schedule.planned_at, schedule.attempt, schedule.again))
        if schedule.id == "failing":
            raise ValueError("crash")
    """
)


def work(core: Core, runtime: ExtensionRuntime) -> None:
    """Do all jobs of extensions that are due."""
    hands = Hands(core, kinds=runtime.kinds)
    hands.work()
    hands.close()


def jobs(core: Core, tenant: Tenant) -> list[Job]:
    """Read all jobs of a workspace, the oldest first."""
    with core.works.read(tenant.system()) as unit:
        return list(unit.session.scalars(select(Job).order_by(Job.id)))


def states(core: Core, tenant: Tenant) -> list[tuple[Any, ...]]:
    """Give state and attempts of all jobs of a workspace."""
    return [(one.state, one.attempts) for one in jobs(core, tenant)]
