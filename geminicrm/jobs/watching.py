"""A page that is looked at while its figures change: how fast they fall."""

import time
from dataclasses import dataclass
from typing import Any, Final

_LONGEST_SECONDS: Final = 30.0
_SHORTEST_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True)
class Look:
    """How many jobs were left at an instant (Unix seconds); None: more than were counted."""

    left: int | None
    at: float

    @classmethod
    def now(cls, summary: dict[str, Any]) -> "Look":
        """Take the figures of a summary."""
        states, most = summary["states"], summary["most"]
        left = states["queued"] + states["running"]
        return cls(left if states["queued"] <= most else None, time.time())

    @classmethod
    def read(cls, text: str) -> "Look | None":
        """Read what `text` wrote; None where it is none."""
        left, _, at = text.partition("@")
        try:
            return cls(int(left) if left else None, int(at) / 1000)
        except ValueError:
            return None

    @property
    def text(self) -> str:
        """Write it, for the next request to bring along."""
        return f"{'' if self.left is None else self.left}@{int(self.at * 1000)}"

    def pace(self, before: "Look | None") -> "Pace | None":
        """Give how fast the figures have fallen; None where that can't be told."""
        if before is None or before.left is None or self.left is None:
            return None
        seconds = self.at - before.at
        if not _SHORTEST_SECONDS <= seconds <= _LONGEST_SECONDS:
            return None
        return Pace((before.left - self.left) / seconds, self.left)


@dataclass(frozen=True, slots=True)
class Pace:
    """How many jobs fewer there are each second; negative while they grow."""

    per_second: float
    left: int

    @property
    def words(self) -> str:
        """Say it."""
        fewer = round(self.per_second, 1)
        if fewer == 0:
            return "standing still" if self.left else "nothing waits"
        amount = f"{abs(fewer):,.0f}" if abs(fewer) >= 10 else f"{abs(fewer):g}"  # noqa: PLR2004 - two digits are enough
        if fewer < 0:
            return f"growing by {amount} a second"
        return f"{amount} a second done, {_span(self.left / self.per_second)} left"


def age(seconds: int | None) -> str:
    """Say how long something has waited."""
    return "-" if seconds is None else _span(seconds)


def _span(seconds: float) -> str:
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length * 2:
            return f"{seconds / length:,.0f} {unit}"
    return f"{seconds:.0f} s"
