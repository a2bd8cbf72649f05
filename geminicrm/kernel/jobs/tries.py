"""What is kept of attempts that failed: the last few, in the row of their job."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from geminicrm.kernel.clock import format_instant
from geminicrm.kernel.owners import host_and_pid
from geminicrm.kernel.texts import storable
from geminicrm.kernel.work import Work

MOST_TRIES: Final = 6
_MOST_ERROR: Final = 500
Try = dict[str, Any]


def failed_try(work: Work, owner: str, seconds: float, error: str) -> Try:
    """Describe an attempt that has just failed after so many seconds in the hands of a worker."""
    host, pid = host_and_pid(owner)
    return {
        "at": format_instant(work.now),
        "seconds": round(max(seconds, 0.0), 3),
        "worker": {"host": host, "pid": pid},
        "error": storable(error, _MOST_ERROR),
    }


def with_try(tries: Sequence[Mapping[str, Any]] | None, one: Try) -> list[Try]:
    """Add one to those before it; only the last few are kept."""
    return [*(dict(before) for before in tries or ()), one][-MOST_TRIES:]
