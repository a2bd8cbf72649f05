"""Endpoints, deliveries and attempts as programs and pages read them: never with a secret."""

from datetime import datetime
from typing import Any, Final

from geminicrm.kernel.clock import format_instant
from geminicrm.webhooks.outgoing.models import (
    QUEUED,
    Attempt,
    Delivery,
    Endpoint,
    EndpointHealth,
)
from geminicrm.webhooks.outgoing.shaping import Shaping

Shape = dict[str, Any]
RETRYING: Final = "retrying"
"""What people call a delivery that is queued after a failed attempt."""


def endpoint_shape(row: Endpoint, header_names: list[str], health: EndpointHealth | None) -> Shape:
    """Give an endpoint; the values of its headers are null, its secrets are not there at all."""
    shaping = Shaping.of(row.shape)
    return {
        "id": row.id,
        "version": row.revision,
        "url": row.url,
        "description": row.description,
        "events": list(row.events),
        "state": row.state,
        "reason": row.reason,
        "state_at": format_instant(row.state_at),
        "origin": row.origin,
        "expires_at": _at(row.expires_at),
        "headers": dict.fromkeys(header_names),
        "filter": shaping.filter,
        "mapping": shaping.mapping,
        "template": shaping.template,
        "rate": row.rate,
        "concurrency": row.concurrency,
        "old_secret_until": _at(row.old_secret_until),
        "health": _health(health),
        "created_by": row.created_by,
        "created_at": format_instant(row.created_at),
        "updated_at": format_instant(row.updated_at),
    }


def delivery_shape(row: Delivery) -> Shape:
    """Give a delivery as lists have it; `retrying` is queued after a failure."""
    waits = row.state == QUEUED
    return {
        "id": row.id,
        "endpoint_id": row.endpoint_id,
        "event_id": row.event_id,
        "type": row.type,
        "object_id": row.object_id,
        "state": row.state,
        "retrying": waits and row.round_attempts > 0,
        "attempts": row.attempts,
        "trigger": row.trigger,
        "asked_by": row.asked_by,
        "last_status": row.last_status,
        "last_error": row.last_error,
        "milliseconds": row.milliseconds,
        "next_attempt_at": format_instant(row.due_at) if waits else None,
        "created_at": format_instant(row.created_at),
        "finished_at": _at(row.finished_at),
    }


def attempt_shape(row: Attempt) -> Shape:
    """Give an attempt; bytes of the answer that are no UTF-8 become U+FFFD."""
    return {
        "id": row.id,
        "number": row.number,
        "trigger": row.trigger,
        "asked_by": row.asked_by,
        "url": row.url,
        "at": format_instant(row.at),
        "milliseconds": row.milliseconds,
        "status": row.status,
        "error": row.error,
        "detail": row.detail,
        "request_headers": row.request_headers,
        "response_headers": row.response_headers,
        "response_body": row.response_body.decode(errors="replace"),
        "truncated": row.truncated,
        "next_attempt_at": _at(row.next_attempt_at),
    }


def _health(row: EndpointHealth | None) -> Shape | None:
    if row is None:
        return None
    return {
        "failures": row.failures,
        "failing_since": _at(row.failing_since),
        "delivered_at": _at(row.delivered_at),
        "failed_at": _at(row.failed_at),
        "last_status": row.last_status,
        "last_error": row.last_error,
        "paused_until": _at(row.open_until),
    }


def _at(instant: datetime | None) -> str | None:
    return format_instant(instant) if instant else None
