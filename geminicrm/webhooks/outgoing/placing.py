"""The relay's sink for webhooks: what is to be sent of an event, and to whom.

It is written in the transaction that gives the event its place, so that an event is handed out with
all of its deliveries, or not yet.
"""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

from geminicrm.kernel.db import Base, insert_into
from geminicrm.kernel.events import StoredEvent
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.tenancy import CHECKED
from geminicrm.kernel.work import Work
from geminicrm.webhooks.outgoing.models import AUTO, MISSED, QUEUED, Delivery, Message
from geminicrm.webhooks.outgoing.shaping import render, wanted
from geminicrm.webhooks.outgoing.table import EndpointTable, Listening

_WHILE_OFF: Final = "The endpoint was paused or disabled when it happened."
_KEY_CHARS: Final = 8


class WebhookSink:
    """Implements the relay's BatchSink."""

    def __init__(self, table: EndpointTable) -> None:
        self._table = table

    def weight(self, event: StoredEvent) -> int:
        """Give how many deliveries an event becomes, before filters."""
        return len(self._table.wanting(event.workspace_id, event.type))

    def place(self, work: Work, events: Sequence[StoredEvent]) -> None:
        """Write messages and deliveries; what is there already stays as it is."""
        messages: list[dict[str, Any]] = []
        deliveries: list[dict[str, Any]] = []
        for event in events:
            for listening in self._by_shape(event):
                message = _message(work, event, listening[0])
                messages.append(message)
                deliveries += (_delivery(work, event, message["id"], one) for one in listening)
        _insert(work, Message, messages)
        _insert(work, Delivery, deliveries)

    def _by_shape(self, event: StoredEvent) -> Iterable[Sequence[Listening]]:
        listening = self._table.wanting(event.workspace_id, event.type)
        if not listening:
            return ()
        body = event.body()
        shapes: dict[str, list[Listening]] = {}
        for one in listening:
            if wanted(one.shape, body):
                shapes.setdefault(one.shape_key, []).append(one)
        return shapes.values()


def _message(work: Work, event: StoredEvent, one: Listening) -> dict[str, Any]:
    return {
        "id": _message_id(event.id, one.shape_key),
        "workspace_id": event.workspace_id,
        "event_id": event.id,
        "shape_key": one.shape_key,
        "type": event.type,
        "object_id": event.object_id,
        "body": render(one.shape, event.body()),
        "created_at": work.now,
    }


def _message_id(event_id: str, shape_key: str) -> str:
    # Made of what it is about: deliveries of the same message find it without looking.
    form = sha256(shape_key.encode()).hexdigest()[:_KEY_CHARS] if shape_key else ""
    return f"whm_{event_id.partition('_')[2]}{form}"


def _delivery(work: Work, event: StoredEvent, message_id: str, one: Listening) -> dict[str, Any]:
    return {
        "id": new_id("whd"),
        "workspace_id": event.workspace_id,
        "endpoint_id": one.id,
        "message_id": message_id,
        "event_id": event.id,
        "type": event.type,
        "object_id": event.object_id,
        "state": QUEUED if one.sends else MISSED,
        "due_at": work.now,
        "attempts": 0,
        "round_attempts": 0,
        "trigger": AUTO,
        "last_error": "" if one.sends else _WHILE_OFF,
        "created_at": work.now,
        "finished_at": None if one.sends else work.now,
    }


def _insert(work: Work, model: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        statement = insert_into(work.session, model).on_conflict_do_nothing()
        work.session.execute(statement.execution_options(**{CHECKED: True}), rows)
