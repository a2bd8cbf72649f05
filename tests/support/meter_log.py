"""Counts of the life cycle, kept for a test."""

import threading


class MeterLog:
    """Keeps what was counted."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str]] = []
        self._lock = threading.Lock()

    def install(self, action: str, outcome: str, seconds: float) -> None:
        """Keep one count."""
        assert seconds >= 0
        with self._lock:
            self.seen.append((action, outcome))
