"""The thread that looks for killed runs while a process lives."""

import threading
from typing import Final

import structlog

from geminicrm.runtime.recovery.recovery import Recovery

LOOK_SECONDS: Final = 1.0
_REST_SECONDS: Final = 30.0
_log = structlog.get_logger(__name__)


class RecoveryWatch:
    """`start` and `stop` the thread; it looks at once, and then every second.

    It has a thread of its own: calling an extension takes its time, and nothing else may wait.
    """

    def __init__(self, recovery: Recovery, seconds: float = LOOK_SECONDS) -> None:
        self._recovery = recovery
        self._seconds = seconds
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to look."""
        self._stop.clear()
        self._thread = threading.Thread(target=self._run, name="recovery", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread, if there is one, after what it is at."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        pause = 0.0
        while not self._stop.wait(pause):
            pause = self._seconds if self._look() else _REST_SECONDS

    def _look(self) -> bool:
        try:
            self._recovery.recover()
        except Exception as error:  # noqa: BLE001 - border: the thread must outlive a database that is away
            _log.warning("no look at killed runs was possible; it is repeated", exc_info=error)
            return False
        return True
