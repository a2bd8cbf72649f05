"""The worker process: places events, does jobs, sends webhooks, sweeps what ran out."""

import signal
import threading

import structlog
from sqlalchemy.exc import SQLAlchemyError

from geminicrm.app import Core
from geminicrm.connections.oauth.care import TokenWatch
from geminicrm.kernel.errors import AppError
from geminicrm.kernel.jobs.care import Care
from geminicrm.kernel.jobs.engine import Duties, Engine
from geminicrm.kernel.jobs.schedules import Schedules
from geminicrm.kernel.owners import own_name
from geminicrm.kernel.relay import Relay
from geminicrm.processes.sweeping import Sweeping
from marketplace.registries.keeping_up import KeepingUp

_REST_SECONDS = 2.0
_log = structlog.get_logger(__name__)


class Worker:
    """Does the work of one process until it is told to stop."""

    def __init__(self, core: Core, rest_seconds: float = _REST_SECONDS) -> None:
        self._core = core
        self._rest_seconds = rest_seconds
        self._stop = threading.Event()
        owner = own_name()
        self._schedules = Schedules(core.works)
        self._relay = Relay(core.works, core.sinks(), core.metrics, core.batch_sinks())
        self._care = Care(core.works, owner, core.keepers())
        duties = Duties(
            kinds=core.kinds(),
            watchers=(self._schedules, *core.watchers()),
            woken=core.wakes.nudge,
        )
        self._engine = Engine(core.works, core.metrics, owner, duties)
        self._deliveries = core.deliveries(owner)

    def stop(self) -> None:
        """Ask the loop to end after the step it is in."""
        self._stop.set()
        self._core.wakes.nudge()

    def run(self) -> None:
        """Work until stopped; a database that is away is asked again, nothing is lost meanwhile.

        Raises Stuck where only a new process helps.
        """
        self._core.start()
        besides = (
            KeepingUp(self._core.marketplace.registries.refreshing),
            Sweeping(self._core, self._care),
            TokenWatch(self._core.oauth.care),
        )
        for one in (*besides, self._deliveries):
            one.start()
        self._core.wakes.listen(lambda: self._engine.full)
        try:
            while not self._stop.is_set():
                self._pause(self._work())
        finally:
            for one in besides:
                one.stop()
            self._close()

    def _work(self) -> bool | None:
        """Do a round of everything; tell whether there was anything, None: no database."""
        try:
            self._care.step()
            # In safe mode events wait where they are, and so does what extensions are to do.
            safe = self._core.safe_mode.on()
            placed = 0 if safe else self._relay.step()
            self._core.runtime.schedules.step()
            if placed:
                self._deliveries.nudge()
            made = self._schedules.tick()
            turned = self._engine.turn()
            if turned and self._engine.full:
                self._core.wakes.pass_on()
            self._relay.report()
        except (SQLAlchemyError, AppError, OSError) as error:
            _log.warning("the worker rests: database or disk fail it", error=str(error))
            return None
        return bool(placed or made or turned)

    def _pause(self, found: bool | None) -> None:  # noqa: FBT001 - what a round has found
        if found is None:
            self._stop.wait(self._rest_seconds)
        elif not found:
            self._core.wakes.wait(self._core.settings.relay_poll_seconds)
            # What was woken for may be a delivery that somebody has asked for.
            self._deliveries.nudge()

    def _close(self) -> None:
        # Both at the same time: whoever has ended a worker waits ten seconds in all.
        ending = threading.Thread(target=self._deliveries.stop, name="webhooks end")
        ending.start()
        try:
            self._engine.close()
        except (SQLAlchemyError, AppError) as error:
            # The leases of what has ended run out, and another worker does it again.
            _log.warning("what has ended last is not written down", error=str(error))
        ending.join()


def run(core: Core) -> None:
    """Run a worker in this process until SIGTERM or Ctrl-C."""
    worker = Worker(core)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: worker.stop())
    try:
        worker.run()
    finally:
        core.close()
