"""When a call is made again, and after how long."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from geminicrm.connections.outgoing.calls import OutsideCall
from geminicrm.connections.outgoing.pace import Pace
from geminicrm.kernel.http import (
    AddressRefused,
    HttpFailed,
    HttpResponse,
    ResponseTooLarge,
    TlsFailed,
)

TOO_MANY: Final = 429
AGAIN: Final = frozenset({TOO_MANY, 500, 502, 503, 504})
FACTOR: Final = 1.0
# Asking again changes nothing about these.
_FINAL: Final = (AddressRefused, ResponseTooLarge, TlsFailed)


def retry_after(headers: Mapping[str, str], pace: Pace) -> float | None:
    """Give the seconds that a service asks to wait (RFC 9110, section 10.2.3), None if it doesn't.

    Both forms are read: seconds, and an HTTP date.
    """
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        when = parsedate_to_datetime(text)
    except ValueError:
        return None
    aware = when if when.tzinfo else when.replace(tzinfo=UTC)
    return max(aware.timestamp() - pace.unix(), 0.0)


def after_answer(
    call: OutsideCall, answer: HttpResponse, attempts: int, pace: Pace
) -> float | None:
    """Give the seconds until the call is made again, None where the answer is the last."""
    if answer.status not in AGAIN or attempts > call.retries or not call.request.may_repeat:
        return None
    asked = retry_after(answer.headers, pace)
    return _backoff(attempts, pace) if asked is None else asked


def after_error(call: OutsideCall, error: HttpFailed, attempts: int, pace: Pace) -> float | None:
    """Give the seconds until the call is made again, None where it failed for good.

    What can't be repeated is, where certainly nothing of it was sent.
    """
    harmless = call.request.may_repeat or not error.sent
    if isinstance(error, _FINAL) or attempts > call.retries or not harmless:
        return None
    return _backoff(attempts, pace)


def instant_in(seconds: float, now: datetime) -> datetime:
    """Give the instant in so many seconds, a day at most: a service may say anything."""
    return datetime.fromtimestamp(now.timestamp() + min(seconds, 86_400.0), UTC)


def _backoff(attempts: int, pace: Pace) -> float:
    """0.5 to 1 s after the first attempt, twice as much after each further one."""
    doubled: int = 1 << (attempts - 1)
    return FACTOR * doubled * pace.jitter()
