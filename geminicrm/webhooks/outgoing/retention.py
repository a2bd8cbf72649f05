"""How long the log of deliveries is kept."""

from datetime import timedelta
from typing import Final

from sqlalchemy import delete, select

from geminicrm.kernel.work import Work, Works
from geminicrm.webhooks.outgoing.models import (
    DELETED,
    DELIVERED,
    DELIVERIES,
    FAILED,
    MESSAGES,
    MISSED,
    Delivery,
    Endpoint,
    Message,
)

KEPT_DAYS: Final = 30
_BATCH: Final = 2_000
_PARTS: Final = 20


class DeliveryKeeper:
    """Removes what was kept long enough, a part at a time, so that nobody waits for it."""

    def __init__(self, works: Works) -> None:
        self._works = works

    def step(self) -> None:
        """Remove deliveries with their attempts, then messages and endpoints without any."""
        for remove in (_deliveries, _messages, _endpoints):
            for _part in range(_PARTS):
                with self._works.across_workspaces("webhooks: sweep", write=True) as work:
                    count = remove(work)
                if count < _BATCH:
                    break


def _deliveries(work: Work) -> int:
    old = work.now - timedelta(days=KEPT_DAYS)
    ids = work.session.scalars(
        select(Delivery.id)
        .where(Delivery.state.in_((DELIVERED, FAILED, MISSED)), Delivery.finished_at < old)
        .limit(_BATCH)
    ).all()
    if ids:
        work.session.execute(delete(DELIVERIES).where(DELIVERIES.c.id.in_(ids)))
    return len(ids)


def _messages(work: Work) -> int:
    old = work.now - timedelta(days=KEPT_DAYS)
    ids = work.session.scalars(
        select(Message.id)
        .where(
            Message.created_at < old,
            ~select(Delivery.id).where(Delivery.message_id == Message.id).exists(),
        )
        .limit(_BATCH)
    ).all()
    if ids:
        work.session.execute(delete(MESSAGES).where(MESSAGES.c.id.in_(ids)))
    return len(ids)


def _endpoints(work: Work) -> int:
    """Remove endpoints that were deleted, once nothing is left of their log."""
    old = work.now - timedelta(days=KEPT_DAYS)
    ids = work.session.scalars(
        select(Endpoint.id)
        .where(
            Endpoint.state == DELETED,
            Endpoint.state_at < old,
            ~select(Delivery.id).where(Delivery.endpoint_id == Endpoint.id).exists(),
        )
        .limit(_BATCH)
    ).all()
    if ids:
        work.session.execute(
            delete(Endpoint)
            .where(Endpoint.id.in_(ids))
            .execution_options(synchronize_session=False)
        )
    return len(ids)
