"""Handing an event straight to endpoints, past the outbox: pings, and what callers trigger."""

from collections.abc import Mapping, Sequence
from typing import Any

from geminicrm.kernel.ids import new_id
from geminicrm.kernel.work import Work
from geminicrm.webhooks.outgoing.models import (
    ACTIVE,
    MISSED,
    QUEUED,
    Delivery,
    Endpoint,
    Message,
)
from geminicrm.webhooks.outgoing.shaping import key_of, render


def asker_of(work: Work) -> str:
    """Give who asks for something, as the log of deliveries keeps it: the user, where it is one."""
    return getattr(work.actor, "user_id", None) or work.actor.id


def hand_over(
    work: Work, endpoints: Sequence[Endpoint], event: Mapping[str, Any], trigger: str
) -> list[Delivery]:
    """Write a delivery of an event, in the shape that leaves the house, to each of the endpoints.

    What is sent to one that is paused or disabled counts as missed, as any event does.
    """
    object_id = str(event["data"].get("endpoint_id") or event["data"].get("id") or event["id"])
    object_id = object_id[:40]
    shapes = {key_of(one.shape): one.shape for one in endpoints}
    messages = {
        key: Message(
            id=new_id("whm"),
            workspace_id=work.workspace_id,
            event_id=event["id"],
            shape_key=key,
            type=event["type"],
            object_id=object_id,
            body=render(shape, event),
            created_at=work.now,
        )
        for key, shape in shapes.items()
    }
    work.session.add_all(messages.values())
    work.session.flush()  # deliveries point at them
    deliveries = [_delivery(work, one, messages[key_of(one.shape)], trigger) for one in endpoints]
    work.session.add_all(deliveries)
    work.wake_workers()
    return deliveries


def _delivery(work: Work, endpoint: Endpoint, message: Message, trigger: str) -> Delivery:
    sends = endpoint.state == ACTIVE
    return Delivery(
        id=new_id("whd"),
        workspace_id=work.workspace_id,
        endpoint_id=endpoint.id,
        message_id=message.id,
        event_id=message.event_id,
        type=message.type,
        object_id=message.object_id,
        state=QUEUED if sends else MISSED,
        due_at=work.now,
        attempts=0,
        round_attempts=0,
        trigger=trigger,
        asked_by=asker_of(work),
        last_error="",
        created_at=work.now,
        finished_at=None if sends else work.now,
    )
