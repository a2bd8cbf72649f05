"""What a job is to the code that does it."""

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from geminicrm.kernel.events import StoredEvent
from geminicrm.kernel.jobs.jobs import EVENT_KIND
from geminicrm.kernel.outbox import Sink
from geminicrm.kernel.texts import storable

MOST_NOTE: Final = 300


class Postponed(Exception):
    """Not now, and nobody's fault: the job is due again after `seconds`, with no attempt spent."""

    def __init__(self, reason: str, seconds: float) -> None:
        super().__init__(reason)
        self.seconds = seconds


class Cancelled(Exception):
    """Somebody has asked for the job to end."""


class Overran(Exception):
    """The job has had its time."""


class Interrupted(Exception):
    """The worker stops; another one is to begin anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A job in the hands of a worker; `attempt` counts from 1, up to `max_attempts`.

    From the second attempt on it may have been done before, in whole or in part, and so it may
    where `unsure` workers of the `killed` ones may have begun it. `after` is the job of the same
    record that comes right before it. `tries` are the attempts that failed, as `Job` keeps them.
    """

    id: str
    workspace_id: str
    kind: str
    target: str
    queue: str
    payload: Mapping[str, Any]
    event: StoredEvent | None
    order_key: str | None
    position: int | None
    attempt: int
    max_attempts: int
    seconds: int
    created_at: datetime
    cancel_asked: bool = False
    killed: int = 0
    unsure: int = 0
    after: str | None = None
    tries: Sequence[Mapping[str, Any]] = ()

    @property
    def told(self) -> int:
        """The attempt that its code is told of; above 1 it may have been done before."""
        return self.attempt + self.unsure

    @property
    def again(self) -> bool:
        """Whether it may have been done before."""
        return self.told > 1


class Run:
    """One attempt at a job: what the code that does it says of it, and may ask."""

    def __init__(self, seconds: float) -> None:
        self._deadline = time.monotonic() + seconds
        self._cancelled = threading.Event()
        self._stopped = threading.Event()
        self.said: tuple[int, str] | None = None

    @property
    def overdue_by(self) -> float:
        """How many seconds its time is over; negative while it is not."""
        return time.monotonic() - self._deadline

    @property
    def cancelled(self) -> bool:
        """Whether somebody has asked for its end."""
        return self._cancelled.is_set()

    def cancel(self) -> None:
        """Ask for its end."""
        self._cancelled.set()

    def stop(self) -> None:
        """Ask for its end because the worker stops."""
        self._stopped.set()

    def check(self) -> None:
        """Go on, unless it is to end. Long work calls this now and then.

        Raises Cancelled, Interrupted, Overran; they are for the engine, not to be caught.
        """
        if self.cancelled:
            raise Cancelled("somebody has cancelled it")
        if self._stopped.is_set():
            raise Interrupted("the worker stops")
        if self.overdue_by > 0:
            raise Overran("it took longer than it may")

    def progress(self, percent: int, note: str = "") -> None:
        """Say how far it is (0 to 100), for those who look on; then `check`."""
        self.said = (max(0, min(100, percent)), storable(note, MOST_NOTE))
        self.check()


class Kind(Protocol):
    """The code that does the jobs of one kind."""

    name: str

    def ready(self) -> bool:
        """Whether such jobs may be taken now."""
        ...

    def run(self, job: Claimed, run: Run) -> dict[str, Any] | None:
        """Do it and give a result to keep; any exception means try again, see `Postponed`."""
        ...


class EventKind:
    """Hands events to a sink."""

    def __init__(self, sink: Sink) -> None:
        self.name = f"{EVENT_KIND}{sink.name}"
        self._sink = sink

    def ready(self) -> bool:
        """Give True: a sink that can't take anything says so for each."""
        return True

    def run(self, job: Claimed, run: Run) -> None:  # noqa: ARG002 - a sink keeps to its own time
        """Hand the event over."""
        if job.event is None:
            raise RuntimeError("its event is gone")
        self._sink.deliver(job.target, job.event, job.told)
