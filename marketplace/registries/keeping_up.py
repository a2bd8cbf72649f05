"""A thread that asks registries from time to time, so that nothing else ever waits for them."""

import threading

import structlog
from sqlalchemy.exc import SQLAlchemyError

from marketplace.registries.refreshing import EVERY_SECONDS, Refreshing

_log = structlog.get_logger(__name__)


class KeepingUp:
    """Asks every registry at its start, and then every ten minutes, until stopped."""

    def __init__(self, refreshing: Refreshing, seconds: float = EVERY_SECONDS) -> None:
        self._refreshing = refreshing
        self._seconds = seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="registries", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; what is being asked for is not waited for long, the thread dies with the process."""
        self._stop.set()
        self._thread.join(1.0)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._refreshing.every()
            except SQLAlchemyError as error:
                _log.warning("registries are asked later: the database is away", error=str(error))
            self._stop.wait(self._seconds)
