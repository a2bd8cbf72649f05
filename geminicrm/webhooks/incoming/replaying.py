"""Working on what came in once more, because somebody asks for it."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import select

from geminicrm.kernel.errors import Conflict
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.jobs.jobs import again, job_row
from geminicrm.kernel.jobs.models import CANCELLED, DEAD, OPEN, Job
from geminicrm.kernel.work import Work
from geminicrm.webhooks.incoming.listing import MANAGE, find
from geminicrm.webhooks.incoming.models import FAILED, QUEUED, Received, ReceivedItem
from geminicrm.webhooks.incoming.storing import new_job

ALL, ONLY_FAILED = "all", "failed"
WHICH: Final = (ALL, ONLY_FAILED)


def reprocess(work: Work, received_id: str, which: str = ALL) -> int:
    """Have the events of a request handed over again; give how many.

    Those that wait are left to their jobs. Raises NotFound, ScopeMissing, and Conflict for a
    request that was not believed: it can't be believed later.
    """
    work.require(MANAGE)
    row = find(work, received_id)
    items = _items(work, row, which)
    if not items:
        raise Conflict("It holds no such event: there is nothing to be worked on again.")
    count = sum(_again(work, row, item) for item in items)
    work.audit("webhook.reprocessed", row.id, {"events": count, "which": which})
    return count


def _items(work: Work, row: Received, which: str) -> Sequence[ReceivedItem]:
    query = select(ReceivedItem).where(ReceivedItem.received_id == row.id)
    if which == ONLY_FAILED:
        query = query.where(ReceivedItem.state == FAILED)
    return work.session.scalars(query.order_by(ReceivedItem.position)).all()


def _again(work: Work, row: Received, item: ReceivedItem) -> bool:
    # The job before its event, as a worker holds them that settles both.
    job = work.session.get(Job, item.job_id, with_for_update=True)
    if job is not None and job.state in OPEN:
        return False
    item.state, item.error, item.finished_at = QUEUED, None, None
    if job is not None and job.state in {DEAD, CANCELLED}:
        again(work, job)  # or its dead letter would stay for an event that was done
        return True
    item.job_id = new_id("job")
    new = new_job(item.id, row.installation_id)
    work.session.add(Job(**job_row(new, work.workspace_id, work.now, item.job_id)))
    work.wake_workers()
    return True
