"""How many deliveries an endpoint takes in a second: the generic cell rate algorithm.

`tat` is the theoretical arrival time of the next one in Unix seconds. It lies in a row, so that all
workers share it. Each delivery gets a time of its own to start at, a little ahead of now, so that a
rate of hundreds a second needs no hundreds of looks at the row.
"""

from dataclasses import dataclass
from typing import Final

HORIZON: Final = 0.25
"""So far ahead, in seconds, starts are given out."""
_SLACK: Final = 1.0


@dataclass(frozen=True, slots=True)
class Starts:
    """When deliveries may start, in Unix seconds, and the row's next `tat`."""

    times: tuple[float, ...]
    tat: float


def starts(tat: float, now: float, rate: int | None, most: int) -> Starts:
    """Give up to `most` starts from `now` on, evenly spread by `rate` a second (None: all now)."""
    if not rate:
        return Starts((now,) * most, tat)
    interval = 1 / rate
    # Further ahead than anybody ever gives out: the clock was set back.
    begin = now if tat > now + HORIZON + interval + _SLACK else max(tat, now)
    times: list[float] = []
    while len(times) < most and begin <= now + HORIZON:
        times.append(begin)
        begin += interval
    return Starts(tuple(times), begin if times else tat)


def seconds_to_wait(tat: float, now: float, rate: int | None) -> float:
    """Give how long it is until a start can be given out; 0 where one can now."""
    if not rate or tat > now + HORIZON + 1 / rate + _SLACK:
        return 0.0
    return max(tat - now - HORIZON, 0.0)
