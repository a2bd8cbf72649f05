"""Sending what a caller in our own process says has happened, to endpoints alone."""

from collections.abc import Mapping
from typing import Any

import orjson
from sqlalchemy import select

from geminicrm.events.catalogue import Catalogues
from geminicrm.kernel.errors import Finding, ScopeMissing, ValidationFailed
from geminicrm.kernel.events import StoredEvent, matches
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.work import Actor, Work, Works
from geminicrm.webhooks.outgoing.book import MANAGE
from geminicrm.webhooks.outgoing.handing import hand_over
from geminicrm.webhooks.outgoing.models import ACTIVE, DELETED, MANUAL, Endpoint
from geminicrm.webhooks.outgoing.shapes import Shape, delivery_shape
from geminicrm.webhooks.outgoing.shaping import wanted


class Triggers:
    """Hands events to the endpoints of the actor's workspace that subscribe to their type.

    They are no events of the CRM: neither the feed nor extensions nor a sync are told of them, as
    nothing has changed that they could act on.
    """

    def __init__(self, works: Works, catalogues: Catalogues) -> None:
        self._works = works
        self._catalogues = catalogues

    def trigger(self, actor: Actor, event_type: str, data: Mapping[str, Any]) -> list[Shape]:
        """Queue a delivery to each that wants it; give these.

        Raises ScopeMissing, ValidationFailed for an unknown type or what is no JSON.
        """
        if not actor.allows(MANAGE):
            raise ScopeMissing(MANAGE, actor.label)
        known = self._checked(actor, event_type, data)
        with self._works.write(actor) as work:
            event = StoredEvent(
                id=new_id("evt"),
                type=event_type,
                schema_version=known,
                object_id=str(data.get("id", ""))[:40],
                object_version=1,
                timestamp=work.now,
                workspace_id=work.workspace_id,
                data=dict(data),
            ).body()
            rows = [row for row in subscribed(work, event_type) if wanted(row.shape, event)]
            deliveries = hand_over(work, rows, event, MANUAL)
            told = {"event_id": event["id"], "deliveries": len(deliveries)}
            work.audit("webhook.triggered", event_type, told)
            return [delivery_shape(one) for one in deliveries]

    def _checked(self, actor: Actor, event_type: str, data: Mapping[str, Any]) -> int:
        """Give the version of the type's schema."""
        found = {one.type: one for one in self._catalogues.of(actor).all()}.get(event_type)
        if found is None:
            message = f"There is no event {event_type!r}; /api/event-types lists them."
            raise ValidationFailed([Finding("/event_type", "unknown_type", message)])
        try:
            orjson.dumps(data)
        except TypeError as error:
            message = f"Give an object of JSON: {error}."
            raise ValidationFailed([Finding("/payload", "not_json", message)]) from None
        return found.schema_version


def subscribed(work: Work, event_type: str, *, active: bool = False) -> list[Endpoint]:
    """Give the endpoints of the workspace that subscribe to a type, the oldest first."""
    statement = select(Endpoint).where(Endpoint.state != DELETED).order_by(Endpoint.id)
    if active:
        statement = statement.where(Endpoint.state == ACTIVE)
    rows = work.session.scalars(statement)
    return [row for row in rows if any(matches(one, event_type) for one in row.events)]
