"""Rows of endpoints: found, seen, described in the audit log, made well again."""

from typing import Final
from urllib.parse import urlsplit

from sqlalchemy import select, update

from geminicrm.kernel.errors import NotFound, PreconditionFailed
from geminicrm.kernel.work import Work
from geminicrm.notifications.raising import resolve
from geminicrm.webhooks.outgoing.disabling import notice_key
from geminicrm.webhooks.outgoing.models import (
    DELETED,
    FAILED,
    QUEUED,
    Delivery,
    Endpoint,
    EndpointHealth,
)

READ: Final = "read:webhooks"
MANAGE: Final = "manage:webhooks"
KIND: Final = "webhook endpoint"
_GONE: Final = "The endpoint was deleted."


def find(work: Work, endpoint_id: str, *, lock: bool = False) -> Endpoint:
    """Give an endpoint that is not deleted. Raises NotFound."""
    statement = select(Endpoint).where(Endpoint.id == endpoint_id, Endpoint.state != DELETED)
    row = work.session.scalar(statement.with_for_update() if lock else statement)
    if row is None:
        raise NotFound(KIND, endpoint_id)
    return row


def seen(row: Endpoint, revision: int | None) -> None:
    """Raise PreconditionFailed where the caller last saw another revision."""
    if revision is not None and revision != row.revision:
        raise PreconditionFailed(
            f"It is at revision {row.revision} now; read it again, then repeat."
        )


def place_of(url: str) -> str:
    """Give scheme and host: paths and queries of such addresses often are secrets."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def well_again(work: Work, endpoint_id: str) -> None:
    """Forget what went wrong, so that it is tried at once and not switched off for old failures.

    Nobody has to be reminded of it any more. `tat` stays: what was sent a moment ago still counts
    for the rate.
    """
    work.session.execute(
        update(EndpointHealth)
        .where(EndpointHealth.id == endpoint_id)
        .values(failures=0, failing_since=None, open_until=None)
        .execution_options(synchronize_session=False)
    )
    resolve(work, work.workspace_id, notice_key(endpoint_id))


def bury(work: Work, row: Endpoint) -> None:
    """Mark an endpoint as deleted, its secrets gone; what waited for it has failed.

    What is being sent just now is settled by who sends it. The log stays as long as any.
    """
    row.state, row.state_at, row.updated_at = DELETED, work.now, work.now
    row.secret, row.old_secret, row.old_secret_until, row.headers = "", None, None, None
    work.session.execute(
        update(Delivery)
        .where(Delivery.endpoint_id == row.id, Delivery.state == QUEUED)
        .values(state=FAILED, last_error=_GONE, finished_at=work.now)
        .execution_options(synchronize_session=False)
    )
    resolve(work, work.workspace_id, notice_key(row.id))
