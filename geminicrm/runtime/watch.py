"""The watch thread of a worker: follows the generation, renews the lease, writes counts down."""

import threading
import time
from collections.abc import Callable, Sequence

import structlog

from geminicrm.runtime.calls import CallMetrics
from geminicrm.runtime.convergence import Convergence
from geminicrm.runtime.leases import LEASE_SECONDS
from geminicrm.runtime.ledger import FLUSH_SECONDS

LOOK_SECONDS = 0.025
REPAIR_SECONDS = 0.25
COUNT_SECONDS = 1.0
RENEW_SECONDS = LEASE_SECONDS / 2.5
_log = structlog.get_logger(__name__)


class Watch:
    """`start` and `stop` the thread, or call `tick` by hand.

    `books` write down what was counted and reported in memory, `look` looks after watched versions.
    """

    def __init__(
        self,
        convergence: Convergence,
        books: Sequence[Callable[[], object]],
        metrics: CallMetrics,
        look: Callable[[], object],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._convergence = convergence
        self._books = books
        self._metrics = metrics
        self._look = look
        self._monotonic = monotonic
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        now = monotonic()
        self._last = {"repair": now, "renew": now, "count": now, "flush": now}

    def start(self) -> None:
        """Begin to watch."""
        self._stop.clear()
        self._thread = threading.Thread(target=self._run, name="extensions watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread, and write what the ledger still holds."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        for flush in self._books:
            self._safely(flush)

    def tick(self) -> None:
        """Do what is due."""
        if self._is_due("repair", REPAIR_SECONDS):
            self._convergence.repair()
        self._convergence.follow()
        self._convergence.current()
        if self._convergence.untold or self._is_due("renew", RENEW_SECONDS):
            self._convergence.acknowledge()
        self._look()
        if self._is_due("count", COUNT_SECONDS):
            self._metrics.flush()
        if self._is_due("flush", FLUSH_SECONDS):
            self._convergence.tidy()
            for flush in self._books:
                flush()

    def _is_due(self, name: str, seconds: float) -> bool:
        now = self._monotonic()
        if now - self._last[name] < seconds:
            return False
        self._last[name] = now
        return True

    def _run(self) -> None:
        while not self._stop.wait(LOOK_SECONDS):
            self._safely(self.tick)

    def _safely(self, task: Callable[[], object]) -> None:
        try:
            task()
        except Exception as error:  # noqa: BLE001 - border: the thread must outlive a database that is away
            _log.warning("the watch failed; it will try again", exc_info=error)
