"""The arithmetic of limits: turns at an even pace, and quotas by the hour or day.

A limit of less than an hour is held by the generic cell rate algorithm (ITU-T I.371): its one
number is the theoretical arrival time of the next call. A part of the limit may go at once, the
rest comes at an interval that keeps any stretch of `seconds` within `most`.
"""

from dataclasses import dataclass
from typing import Final, Self

from geminicrm.connections.ways import Limit

QUOTA_SECONDS: Final = 3_600
_BURST_SHARE: Final = 5
_LEAST_SECONDS: Final = 0.000_5  # clocks of machines differ by more
_FAST: Final = 20.0
_BLOCK_SECONDS: Final = 0.05
_MOST_IN_A_BLOCK: Final = 50


@dataclass(frozen=True, slots=True)
class Turns:
    """How calls follow each other: `burst` at once, then one each `interval` seconds."""

    burst: int
    interval: float

    @classmethod
    def of(cls, limit: Limit) -> Self:
        """Give those of a limit."""
        burst = max(1, limit.most // _BURST_SHARE)
        return cls(burst, limit.seconds / (limit.most - burst + 1))

    def after(self, tat: float, now: float, count: int) -> tuple[float, float]:
        """Take turns at an instant (Unix seconds): the new number, and the seconds to wait."""
        new = max(tat, now) + count * self.interval
        wait = new - now - self.burst * self.interval
        return new, wait if wait > _LEAST_SECONDS else 0.0


def is_quota(limit: Limit) -> bool:
    """Tell whether a limit is counted in windows."""
    return limit.seconds >= QUOTA_SECONDS


def largest_block(limit: Limit) -> int:
    """Give how many turns a process may take at once: one below 20 a second."""
    if limit.most / limit.seconds < _FAST:
        return 1
    if is_quota(limit):
        return _MOST_IN_A_BLOCK
    turns = Turns.of(limit)
    return max(1, min(turns.burst, int(_BLOCK_SECONDS / turns.interval), _MOST_IN_A_BLOCK))
