"""The worker process: drains the outbox, sweeps what ran out, collects unused packages."""

import signal
import threading
import time

import structlog
from sqlalchemy.exc import SQLAlchemyError

from geminicrm.app import Core
from geminicrm.identity.sign_in import sweep
from geminicrm.kernel.errors import AppError
from geminicrm.kernel.relay import Relay
from marketplace.blob_care import collect_blobs
from marketplace.registries.keeping_up import KeepingUp

_SWEEP_SECONDS = 60.0
_COLLECT_SECONDS = 3600.0
_REST_SECONDS = 2.0
_log = structlog.get_logger(__name__)


class Worker:
    """Runs the relay of one process until it is told to stop."""

    def __init__(self, core: Core, relay: Relay, rest_seconds: float = _REST_SECONDS) -> None:
        self._core = core
        self._relay = relay
        self._rest_seconds = rest_seconds
        self._stop = threading.Event()
        self._swept = -_SWEEP_SECONDS
        self._collected = -_COLLECT_SECONDS

    def stop(self) -> None:
        """Ask the loop to end after the step it is in."""
        self._stop.set()

    def run(self) -> None:
        """Work until stopped; a database that is away is asked again, nothing is lost meanwhile."""
        self._core.start()
        others = KeepingUp(self._core.marketplace.registries.refreshing)
        others.start()
        while not self._stop.is_set():
            self._stop.wait(self._pause(self._work()))
        others.stop()
        self._relay.close()

    def _work(self) -> int | None:
        try:
            # In safe mode events wait where they are.
            handled = 0 if self._core.safe_mode.on() else self._relay.step()
            self._sweep()
        except (SQLAlchemyError, AppError) as error:
            _log.warning("the worker rests: the database is away", error=str(error))
            return None
        return handled

    def _pause(self, handled: int | None) -> float:
        if handled is None:
            return self._rest_seconds
        return 0.0 if handled else self._core.settings.relay_poll_seconds

    def _sweep(self) -> None:
        if time.monotonic() - self._swept < _SWEEP_SECONDS:
            return
        self._swept = time.monotonic()
        with self._core.works.across_workspaces("sweep what ran out", write=True) as work:
            sweep(work)
        self._core.marketplace.statistics.count()
        self._core.marketplace.moderation.notices.renew()
        self._core.life_cycle.quarantine.sweep()
        if time.monotonic() - self._collected >= _COLLECT_SECONDS:
            self._collected = time.monotonic()
            self._core.life_cycle.collect()
            collect_blobs(self._core.works, self._core.marketplace.blobs)


def run(core: Core) -> None:
    """Run a worker in this process until SIGTERM or Ctrl-C."""
    worker = Worker(core, Relay(core.works, core.sinks(), core.metrics))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: worker.stop())
    try:
        worker.run()
    finally:
        core.close()
