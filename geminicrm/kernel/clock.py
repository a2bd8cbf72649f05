"""Time: one source that tests can hold still, one text form (RFC 3339, UTC)."""

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Where the core reads the time."""

    def now(self) -> datetime:
        """Give the present instant, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Give the present instant."""
        return datetime.now(UTC)


class FixedClock:
    """A clock that moves only when told to."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        """Give the instant it was last set to."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move by a number of seconds; a negative one goes back."""
        self._now += timedelta(seconds=seconds)


def format_instant(instant: datetime) -> str:
    """Write an aware instant as `2026-11-21T08:28:54.123456Z`."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def parse_instant(text: str) -> datetime:
    """Read an RFC 3339 instant; ValueError where it is none or has no offset."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone; write it as 2026-11-21T08:28:54Z")
    return instant.astimezone(UTC)
