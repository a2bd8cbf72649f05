"""When a delivery is tried again: pure functions.

Source: the example schedule of the Standard Webhooks specification 1.0.0, ten attempts over 75 h
35 min 5 s.
"""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

_MINUTE: Final = 60
_HOUR: Final = 3600
DELAYS: Final = (
    0, 5, 5 * _MINUTE, 30 * _MINUTE,
    2 * _HOUR, 5 * _HOUR, 10 * _HOUR, 14 * _HOUR, 20 * _HOUR, 24 * _HOUR,
)  # fmt: skip
"""Seconds before each attempt, counted from the one before it."""
JITTER: Final = 0.1
LONGEST_WAIT: Final = 24 * _HOUR
_SECONDS: Final = re.compile(r"[0-9]{1,12}")


def next_delay(failed: int, chance: float) -> float | None:
    """Give the seconds until the next attempt, None where there is none.

    `failed` attempts were made of this round. `chance` lies in [0, 1): up to a tenth is added, so
    that what failed together does not come back together; nothing is ever taken off.
    """
    if failed >= len(DELAYS):
        return None
    return DELAYS[failed] * (1 + JITTER * chance)


def retry_after(written: str | None, now: datetime) -> float | None:
    """Read a Retry-After header (RFC 9110, section 10.2.3): seconds from now, a day at most.

    None where there is none, or none that can be read.
    """
    text = (written or "").strip()
    if _SECONDS.fullmatch(text):
        return float(min(int(text), LONGEST_WAIT))
    try:
        then = parsedate_to_datetime(text)
    except ValueError:
        return None
    if then.tzinfo is None:
        then = then.replace(tzinfo=UTC)
    return min(max((then - now).total_seconds(), 0.0), float(LONGEST_WAIT))
