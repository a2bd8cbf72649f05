"""Jobs put into the table for a test, and the look at what became of them."""

from typing import Any

from sqlalchemy import delete, func, insert, select

from geminicrm.app import Core
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.jobs.jobs import MAX_ATTEMPTS, queue_of
from geminicrm.kernel.jobs.models import AT_ONCE, DEAD, JOBS, QUEUED, Job
from geminicrm.kernel.work import Work
from tests.support.core import Tenant
from tests.support.life import ALL, Life, offer

EVENTS = "event:extensions"
OWN_JOB = "extension.job"


def row(work: Work, workspace_id: str, **values: Any) -> dict[str, Any]:
    """Give the columns of a job; `values` change them."""
    target = values.get("target", "ins_mill")
    return {
        "id": new_id("job"),
        "workspace_id": workspace_id,
        "kind": OWN_JOB,
        "target": target,
        "queue": queue_of(workspace_id, target),
        "state": QUEUED,
        "due_at": AT_ONCE,
        "attempts": 0,
        "max_attempts": MAX_ATTEMPTS,
        "seconds": 60,
        "cancel_asked": False,
        "created_at": work.now,
        **values,
    }


def put(core: Core, workspace_id: str, count: int = 1, **values: Any) -> list[str]:
    """Store some jobs that are alike; give their ids, the oldest first."""
    with core.works.across_workspaces("jobs for a test", write=True) as work:
        rows = [row(work, workspace_id, **values) for _ in range(count)]
        work.session.execute(insert(JOBS), rows)
    return sorted(each["id"] for each in rows)


def put_dead(core: Core, workspace_id: str, count: int = 1, **values: Any) -> list[str]:
    """Store some that have failed for good."""
    with core.works.across_workspaces("the time of a test") as work:
        ended = {"started_at": work.now, "finished_at": work.now}
    said = {"state": DEAD, "attempts": 6, "last_error": "ConnectionError: nobody home", **ended}
    return put(core, workspace_id, count, **{**said, **values})


def job_of(core: Core, job_id: str) -> Job:
    """Read one job."""
    with core.works.across_workspaces("look for a test") as work:
        return work.session.get_one(Job, job_id)


def count_in(core: Core, state: str) -> int:
    """Count the jobs in a state."""
    with core.works.across_workspaces("count for a test") as work:
        query = select(func.count()).select_from(Job).where(Job.state == state)
        return work.session.scalar(query) or 0


def empty(core: Core) -> None:
    """Take all jobs away."""
    with core.works.across_workspaces("empty for a test", write=True) as work:
        work.session.execute(delete(JOBS))


def install(life: Life, tenant: Tenant, name: str) -> str:
    """Install an extension with a name; give its installation's id, the target of its jobs."""
    offer(life, name=name)
    return str(life.cycle.install(tenant.owner(), ALL).installation["id"])
