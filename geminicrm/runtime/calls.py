"""The guarded call: the one way in which the core runs an extension's code."""

import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import structlog

from geminicrm.connections.outgoing.client import OutsideMetrics
from geminicrm.kernel.clock import Clock
from geminicrm.kernel.limits import Breaker
from geminicrm.runtime.actor import UseCounter
from geminicrm.runtime.call_context import (
    CallContext,
    LiveLookup,
    current_call,
    enter_call,
    leave_call,
)
from geminicrm.runtime.failure_book import FailureLog
from geminicrm.runtime.failures import (
    ExtensionBusy,
    ExtensionFailed,
    ExtensionPaused,
    ExtensionTimeout,
    HostUnavailable,
    RemoteFailure,
)
from geminicrm.runtime.host.traces import interrupts, place_of, reason_of
from geminicrm.runtime.live import is_settling
from geminicrm.runtime.slots import Slots

FAILURES = 5
WINDOW_SECONDS = 60.0
PAUSE_SECONDS = 30.0
_log = structlog.get_logger(__name__)
T = TypeVar("T")
_SETTLING_PATIENCE = 1.0
_WELL = ("ok", "refused")
_Key = tuple[str, str, str]  # installation, digest, kind of call


class CallMetrics(OutsideMetrics, Protocol):
    """Where the time of each call is counted against its extension; those outside too."""

    def extension_call(self, extension_id: str, kind: str, outcome: str, seconds: float) -> None:
        """Count one call; outcome is ok, failed, refused, timeout or busy."""
        ...

    def flush(self) -> None:
        """Write down what was counted in memory so far."""
        ...


@dataclass(frozen=True, slots=True)
class Trouble:
    """The last failure of one kind of call of an installation, and whether it is paused now."""

    kind: str
    at: datetime
    where: str
    reason: str
    paused: bool


@dataclass(slots=True)
class _Failing:
    """What is kept of a kind of call that has failed; there is none for one that never did."""

    breaker: Breaker
    at: datetime
    where: str = ""
    reason: str = ""


class _Result(Generic[T]):
    """What a helper thread leaves behind."""

    def __init__(self) -> None:
        self.done = threading.Event()
        self.value: T | None = None
        self.error: BaseException | None = None


class Calls:
    """Runs calls with a place of the bulkhead, a circuit breaker, a context and a stopwatch.

    The breaker is per installation and kind of call: who makes a route fail on purpose must not
    switch off the hook that checks changes.
    """

    def __init__(
        self,
        slots: Slots,
        counter: UseCounter,
        live: LiveLookup,
        metrics: CallMetrics,
        clock: Clock,
        log: FailureLog,
    ) -> None:
        self._slots = slots
        self._live = live
        self._counter = counter
        self._metrics = metrics
        self._clock = clock
        self._log = log
        self._lock = threading.Lock()
        self._failing: dict[_Key, _Failing] = {}

    def run(self, call: CallContext, function: Callable[[], T]) -> T:
        """Run `function` in this thread.

        Errors named in `call.passes` come through as they are; ExtensionFailed for all others,
        SystemExit and the like included; ExtensionBusy and ExtensionPaused where it did not run.
        Python code can't be interrupted in process: an overrun is measured and counts as failed.
        """
        entered = self._enter(call)
        try:
            return self._run(call, function)
        finally:
            self._leave(call, entered)

    def run_with_deadline(self, call: CallContext, function: Callable[[], T]) -> T:
        """Run `function` in a helper thread and give up after `call.seconds`: ExtensionTimeout.

        Else as `run`. The thread can't be stopped: after the deadline its doors are closed and
        its place stays taken until it really returns, so that at most two can hang around.
        A host is left at its deadline in any case, so that needs no thread.
        """
        if call.installed.loaded.host is not None:
            return self.run(call, function)
        entered = self._enter(call)
        result: _Result[T] = _Result()
        name = f"extension {call.installed.extension_id} {call.kind}"
        work = (call, function, result, entered)
        threading.Thread(target=self._work, args=work, name=name, daemon=True).start()
        if not result.done.wait(call.seconds):
            call.abandoned = True
            call.end()
            error = ExtensionTimeout(call.installed.extension_id, call.kind, call.seconds)
            self._note(call, error)
            _log.error("extension did not return; its place stays taken", **call.about())
            raise error
        if result.error is not None:
            raise result.error
        return result.value  # type: ignore[return-value]  # no error means that there is a value

    def troubles(self, installation_id: str) -> list[Trouble]:
        """Give what failed last, by kind of call, in this process."""
        with self._lock:
            found = [(k, f) for k, f in self._failing.items() if k[0] == installation_id]
        return [
            Trouble(kind, one.at, one.where, one.reason, one.breaker.state != "closed")
            for (_, _, kind), one in found
        ]

    def keep_only(self, versions: Collection[tuple[str, str]]) -> None:
        """Forget the failures of all but these (installation, digest)."""
        with self._lock:
            self._failing = {k: v for k, v in self._failing.items() if k[:2] in versions}

    def _enter(self, call: CallContext) -> float:
        installed = call.installed
        call.parent = current_call()
        nested = call.parent is not None
        entered = self._slots.enter(installed.id, call.patience, nested=nested)
        if entered is None and is_settling(self._live(installed.id)):
            entered = self._slots.enter(installed.id, _SETTLING_PATIENCE, nested=nested)
        if entered is None:
            self._metrics.extension_call(installed.extension_id, call.kind, "busy", 0.0)
            raise ExtensionBusy(installed.extension_id)
        failing = self._failing.get(_key(call)) if call.dry_run is None else None
        if failing is not None and not failing.breaker.allow():
            self._leave(call, entered)
            self._metrics.extension_call(installed.extension_id, call.kind, "busy", 0.0)
            raise ExtensionPaused(installed.extension_id, PAUSE_SECONDS)
        return entered

    def _leave(self, call: CallContext, entered: float) -> None:
        self._slots.leave(call.installed.id, entered, nested=call.parent is not None)

    def _work(
        self, call: CallContext, function: Callable[[], T], result: _Result[T], entered: float
    ) -> None:
        try:
            result.value = self._run(call, function)
        except BaseException as error:  # noqa: BLE001 - border: handed to the waiting thread
            result.error = error
        finally:
            self._leave(call, entered)
            result.done.set()

    def _run(self, call: CallContext, function: Callable[[], T]) -> T:
        outcome = "failed"
        call.begin(self._counter, self._live)
        token = enter_call(call)
        started = time.perf_counter()
        try:
            result = function()
            outcome = "ok"
        except call.passes:
            outcome = "refused"
            raise
        except HostUnavailable as error:
            outcome = _busy(call, error)
            raise
        except ExtensionTimeout as error:
            outcome = "timeout"
            self._note(call, error)
            _log.error("extension did not return; its host is ended", **call.about())
            raise
        except BaseException as error:
            if interrupts(error):
                raise
            raise self._failed(call, error) from error
        else:
            return result
        finally:
            took = time.perf_counter() - started
            leave_call(token)
            call.end()
            self._settle(call, outcome, took)

    def _failed(self, call: CallContext, error: BaseException) -> ExtensionFailed:
        installed = call.installed
        where, reason = _place_and_reason(error, installed.loaded.folder)
        failed = ExtensionFailed(installed.extension_id, call.kind, where, reason)
        if call.dry_run is not None:
            return failed
        # Who pauses it for dying is the supervisor: behind an open breaker it would not be called
        # often enough to be found dying again and again.
        self._note(call, failed, counts=not (isinstance(error, RemoteFailure) and error.ended))
        _log.error(
            "extension failed", where=where, error=failed.reason, exc_info=error, **call.about()
        )
        return failed

    def _settle(self, call: CallContext, outcome: str, took: float) -> None:
        if call.parent is not None:
            call.parent.inner_seconds += took
        if call.dry_run is not None:
            return
        own = took - call.inner_seconds  # what it waited for other extensions is their time
        if call.abandoned:
            outcome = "timeout"  # noted when its time was over
        elif outcome in _WELL and own > call.seconds:
            outcome = "timeout"
            _log.warning("extension overran its time", took=round(own, 3), **call.about())
            extension_id = call.installed.extension_id
            self._note(call, ExtensionTimeout(extension_id, call.kind, call.seconds))
        elif outcome in _WELL and (failing := self._failing.get(_key(call))) is not None:
            failing.breaker.success()
        self._metrics.extension_call(call.installed.extension_id, call.kind, outcome, own)
        if call.installed.watch is not None:
            call.installed.watch.called()

    def _note(self, call: CallContext, error: ExtensionFailed, *, counts: bool = True) -> None:
        if call.dry_run is not None:
            return
        self._log.failed(call.installed, call.kind, error)
        with self._lock:
            failing = self._failing.get(_key(call))
            if failing is None:
                breaker = Breaker(self._clock, FAILURES, WINDOW_SECONDS, PAUSE_SECONDS)
                failing = self._failing[_key(call)] = _Failing(breaker, self._clock.now())
            failing.at, failing.where = self._clock.now(), error.where
            failing.reason = error.reason
        if counts:
            failing.breaker.failure()
        if call.installed.watch is not None:
            paused = failing.breaker.state != "closed"
            call.installed.watch.failed(str(error), paused=paused)


def _busy(call: CallContext, error: HostUnavailable) -> str:
    if error.crashed and call.installed.watch is not None:
        call.installed.watch.failed(str(error))
    return "busy"


def _key(call: CallContext) -> _Key:
    return call.installed.id, call.installed.digest, call.kind


def _place_and_reason(error: BaseException, folder: Path) -> tuple[str, str]:
    if isinstance(error, RemoteFailure):
        return error.where, error.reason
    if isinstance(error.__cause__, RemoteFailure):  # one of the SDK's, from a host
        return error.__cause__.where, reason_of(error)
    return place_of(error, folder), reason_of(error)
