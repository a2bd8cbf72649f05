"""What an attempt means for its delivery: pure functions."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from geminicrm.webhooks.outgoing.models import AUTO, DELIVERED, FAILED, PING, QUEUED
from geminicrm.webhooks.outgoing.outcomes import Outcome
from geminicrm.webhooks.outgoing.schedule import next_delay


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a delivery stands after an attempt; `next_at` is None where it is over."""

    state: str
    next_at: datetime | None


def verdict(outcome: Outcome, chance: float) -> Verdict:
    """Judge: done, to be tried again and when, or given up.

    A ping is for whoever looks at it now: it is tried once. `chance` lies in [0, 1).
    """
    if not outcome.error:
        return Verdict(DELIVERED, None)
    delay = next_delay(outcome.errand.round_attempts + 1, chance)
    if delay is None or outcome.gone or outcome.errand.trigger == PING:
        return Verdict(FAILED, None)
    delay = max(delay, outcome.wait or 0.0)
    return Verdict(QUEUED, outcome.ended + timedelta(seconds=delay))


def delivery_values(outcome: Outcome, found: Verdict) -> dict[str, Any]:
    """Give what is written into the row of a delivery; it is retried by itself."""
    errand = outcome.errand
    return {
        "state": found.state,
        "due_at": found.next_at or outcome.ended,
        "attempts": errand.attempts + 1,
        "round_attempts": errand.round_attempts + 1,
        "trigger": AUTO if found.next_at else errand.trigger,
        "last_status": outcome.status,
        "last_error": outcome.detail,
        "milliseconds": outcome.milliseconds,
        "finished_at": None if found.next_at else outcome.ended,
    }


def attempt_values(outcome: Outcome, found: Verdict) -> dict[str, Any]:
    """Give the row of an attempt, without its id."""
    errand = outcome.errand
    return {
        "workspace_id": errand.workspace_id,
        "delivery_id": errand.id,
        "number": errand.attempts + 1,
        "trigger": errand.trigger,
        "asked_by": errand.asked_by,
        "url": outcome.url,
        "at": outcome.at,
        "milliseconds": outcome.milliseconds,
        "status": outcome.status,
        "error": outcome.error,
        "detail": outcome.detail,
        "request_headers": dict(outcome.request_headers),
        "response_headers": dict(outcome.response_headers),
        "response_body": outcome.response_body,
        "truncated": outcome.truncated,
        "next_attempt_at": found.next_at,
    }
