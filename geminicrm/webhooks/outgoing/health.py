"""How an endpoint does: the circuit breaker, and when to switch it off. Pure functions."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

BREAKER: Final = 10
"""So many failures in a row open the breaker: one delivery at a time tries whether it works."""
_FIRST_PAUSE: Final = 30.0
_LONGEST_PAUSE: Final = 900.0
FAILING_FOR: Final = timedelta(days=5)
APART: Final = timedelta(hours=12)
PROBE_SECONDS: Final = 30.0
"""So long a probe may take: longer than the deadline of an attempt."""


@dataclass(frozen=True, slots=True)
class Health:
    """What a row of `webhook_health` says, without the pace."""

    failures: int = 0
    failing_since: datetime | None = None
    failed_at: datetime | None = None
    delivered_at: datetime | None = None
    last_status: int | None = None
    last_error: str = ""
    open_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Tried:
    """How one attempt went; `error` is empty for success, `wait` what the receiver asked for."""

    at: datetime
    status: int | None
    error: str
    detail: str
    wait: float | None = None


def after(health: Health, tried: Tried) -> Health:
    """Give the health after an attempt."""
    if not tried.error:
        # What another answer asked to wait for still holds; the breaker is closed.
        pause = None if health.failures >= BREAKER else health.open_until
        return replace(
            health,
            failures=0,
            failing_since=None,
            delivered_at=tried.at,
            last_status=tried.status,
            last_error="",
            open_until=pause,
        )
    failures = health.failures + 1
    return replace(
        health,
        failures=failures,
        failing_since=health.failing_since or tried.at,
        failed_at=tried.at,
        last_status=tried.status,
        last_error=tried.detail,
        open_until=_closed_until(health, failures, tried),
    )


def is_hopeless(health: Health) -> bool:
    """Tell whether nothing has arrived for five days, and that not for want of trying."""
    since, last = health.failing_since, health.failed_at
    if since is None or last is None or health.failures <= 1:
        return False
    return last - since >= max(FAILING_FOR, APART)


def _closed_until(health: Health, failures: int, tried: Tried) -> datetime | None:
    # A probe that has failed is over: its own pause counts no more.
    ends = [] if failures > BREAKER or health.open_until is None else [health.open_until]
    if failures >= BREAKER:
        doublings = min(failures - BREAKER, 10)
        pause = min(_FIRST_PAUSE * 2**doublings, _LONGEST_PAUSE)
        ends.append(tried.at + timedelta(seconds=pause))
    if tried.wait is not None:
        ends.append(tried.at + timedelta(seconds=tried.wait))
    return max(ends, default=None)
