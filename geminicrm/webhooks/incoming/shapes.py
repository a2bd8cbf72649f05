"""What came in, as programs and pages see it."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from geminicrm.kernel.clock import format_instant
from geminicrm.webhooks.incoming.models import Received, ReceivedItem

Shape = dict[str, Any]
_PLAIN: Final = ("method", "url", "size", "result", "part", "detail", "status")


def shape(row: Received, states: Mapping[str, int]) -> Shape:
    """Give a request as lists have it; `states` counts its events by their state."""
    return {
        "id": row.id,
        "connection_id": row.connection_id,
        "service": row.extension_id,
        "webhook": row.webhook_id,
        "scheme": row.scheme,
        "received_at": format_instant(row.received_at),
        **{name: getattr(row, name) for name in _PLAIN},
        "events": dict(states),
    }


def whole(row: Received, items: Sequence[ReceivedItem]) -> Shape:
    """Give a request with headers, body and events; a body that is no text is in base64."""
    states: dict[str, int] = {}
    for item in items:
        states[item.state] = states.get(item.state, 0) + 1
    return {
        **shape(row, states),
        "headers": row.headers,
        **_body(row.body),
        "truncated": len(row.body) < row.size,
        "items": [_item(item) for item in items],
    }


def _item(item: ReceivedItem) -> Shape:
    return {
        "id": item.id,
        "key": item.key,
        "type": item.type,
        "state": item.state,
        "attempts": item.attempts,
        "repeats": item.repeats,
        "error": item.error,
        "job_id": item.job_id,
        "finished_at": format_instant(item.finished_at) if item.finished_at else None,
        "data": _data(item.data),
    }


def _body(body: bytes) -> Shape:
    try:
        return {"body": body.decode(), "encoding": "text"}
    except UnicodeDecodeError:
        return {"body": b64encode(body).decode(), "encoding": "base64"}


def _data(data: bytes) -> Any:
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return data.decode()  # a number that JSON has not, such as NaN: shown as it is stored
