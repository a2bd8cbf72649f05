"""How many deliveries at once an endpoint has shown to bear, as this process has seen it.

It grows with each success and is halved by each failure, as TCP does it: receivers that hang take
two places of a worker each at first, and then one, however many they may have at once.
"""

from typing import Final

_FIRST: Final = 2
_LARGEST: Final = 100
_MOMENT: Final = 250
"""Milliseconds: what is slower would keep places from others while it waits for its turn."""
_MOST_KNOWN: Final = 10_000


class Windows:
    """One number for each endpoint that was sent to."""

    def __init__(self) -> None:
        self._sizes: dict[str, int] = {}
        self._slow: set[str] = set()

    def of(self, endpoint_id: str, concurrency: int) -> int:
        """Give how many may be sent at once."""
        return min(self._sizes.get(endpoint_id, _FIRST), concurrency)

    def quick(self, endpoint_id: str) -> bool:
        """Tell whether the last one took a moment only: more may be taken than runs at once."""
        return endpoint_id not in self._slow

    def note(self, endpoint_id: str, *, well: bool, milliseconds: int = 0) -> None:
        """Note that one has arrived, or has not, and how long that took."""
        if well and milliseconds <= _MOMENT:
            self._slow.discard(endpoint_id)
        else:
            self._slow.add(endpoint_id)
        size = self._sizes.pop(endpoint_id, _FIRST)
        # Put last: those that were not sent to for the longest time go first.
        self._sizes[endpoint_id] = min(size + 1, _LARGEST) if well else max(size // 2, 1)
        if len(self._sizes) > _MOST_KNOWN:
            oldest = next(iter(self._sizes))
            del self._sizes[oldest]
            self._slow.discard(oldest)
