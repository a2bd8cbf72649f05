"""How often the hosts of an installation crash, and what follows: a pause, then no more starts.

Each version of it has an account of its own: the one that takes over from a version that crashes
must not wait for that one's pauses.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Final

PAUSES: Final = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds without a start after the first, second, ... crash in a row."""
LOOP: Final = 5
WINDOW: Final = 60.0
"""So many crashes within so many seconds are a crash loop."""


@dataclass
class _Record:
    times: deque[float] = field(default_factory=lambda: deque(maxlen=LOOP))
    reason: str = ""
    loops: bool = False


@dataclass(frozen=True, slots=True)
class Hindrance:
    """Why an installation may not start now; `retry_after` seconds, 0 for not before forgiven."""

    loops: bool
    reason: str
    retry_after: float


class Crashes:
    """The crashes by installation and digest, on a clock that the caller reads."""

    def __init__(self) -> None:
        self._records: dict[tuple[str, str], _Record] = {}

    def add(self, installation_id: str, digest: str, now: float, reason: str) -> Hindrance:
        """Count a crash; give what follows from it."""
        record = self._records.setdefault((installation_id, digest), _Record())
        while record.times and now - record.times[0] >= WINDOW:
            record.times.popleft()
        record.times.append(now)
        record.reason = reason
        record.loops = record.loops or len(record.times) >= LOOP
        return Hindrance(record.loops, reason, _pause(record))

    def hindrance(self, installation_id: str, digest: str, now: float) -> Hindrance | None:
        """Give why it may not start now, if so."""
        record = self._records.get((installation_id, digest))
        if record is None:
            return None
        left = record.times[-1] + _pause(record) - now
        if record.loops:
            return Hindrance(loops=True, reason=record.reason, retry_after=0.0)
        return Hindrance(loops=False, reason=record.reason, retry_after=left) if left > 0 else None

    def forgive(self, installation_id: str) -> None:
        """Forget the crashes of an installation."""
        self._records = {k: v for k, v in self._records.items() if k[0] != installation_id}


def _pause(record: _Record) -> float:
    return 0.0 if record.loops else PAUSES[len(record.times) - 1]
