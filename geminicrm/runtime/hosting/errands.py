"""Small work beside the calls: what nobody waits for, in threads that are known."""

import threading
from collections.abc import Callable

import structlog

_log = structlog.get_logger(__name__)


class Errands:
    """Runs each errand once, in a thread of its own; `wait` for those that are under way."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[str, threading.Thread] = {}

    def run(self, name: str, errand: Callable[[], object]) -> None:
        """Run an errand soon, unless one of this name is under way."""
        with self._lock:
            if name not in self._running:
                thread = threading.Thread(
                    target=self._work, args=(name, errand), name=name, daemon=True
                )
                self._running[name] = thread
                thread.start()

    def wait(self) -> None:
        """Wait until all have ended."""
        with self._lock:
            threads = tuple(self._running.values())
        for thread in threads:
            thread.join()

    def _work(self, name: str, errand: Callable[[], object]) -> None:
        try:
            errand()
        except Exception as error:  # noqa: BLE001 - border: nobody waits for what it raises
            _log.warning("an errand failed", errand=name, exc_info=error)
        finally:
            with self._lock:
                del self._running[name]
