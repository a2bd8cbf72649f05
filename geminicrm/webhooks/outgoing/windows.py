"""How many deliveries at once an endpoint has shown to bear, as this process has seen it.

It grows with each success and is halved by each failure, as TCP does it: receivers that hang take
two places of a worker each at first, and then one, however many they may have at once.
"""

from typing import Final

_FIRST: Final = 2
_LARGEST: Final = 100
_MOST_KNOWN: Final = 10_000


class Windows:
    """One number for each endpoint that was sent to."""

    def __init__(self) -> None:
        self._sizes: dict[str, int] = {}

    def of(self, endpoint_id: str, concurrency: int) -> int:
        """Give how many may be sent at once."""
        return min(self._sizes.get(endpoint_id, _FIRST), concurrency)

    def note(self, endpoint_id: str, *, well: bool) -> None:
        """Note that one has arrived, or has not."""
        size = self._sizes.pop(endpoint_id, _FIRST)
        # Put last: those that were not sent to for the longest time go first.
        self._sizes[endpoint_id] = min(size + 1, _LARGEST) if well else max(size // 2, 1)
        if len(self._sizes) > _MOST_KNOWN:
            del self._sizes[next(iter(self._sizes))]
