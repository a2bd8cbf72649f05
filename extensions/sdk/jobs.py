"""Work in the background: jobs that an extension asks for, and schedules that come round."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol

MAX_OPEN_JOBS: Final = 1_000
MAX_PAYLOAD_BYTES: Final = 64 * 1024
MAX_JOB_NAME: Final = 80
MAX_UNIQUE_KEY: Final = 100
MAX_DELAY_SECONDS: Final = 30 * 24 * 60 * 60
MOST_ATTEMPTS: Final = 20


class JobControl(Protocol):
    """The way from a running job to those who look on; the core gives each job one."""

    def progress(self, percent: int, note: str = "") -> None:
        """Say how far it is. Raises `JobStopped`."""

    def is_cancelled(self) -> bool:
        """Tell whether somebody has asked for its end."""


class Alone:
    """The control of a job that nobody looks at, such as in a test of an extension."""

    def progress(self, percent: int, note: str = "") -> None:
        """Tell nobody."""

    def is_cancelled(self) -> bool:
        """Tell that nobody has asked for its end."""
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job in the hands of `run_job`, at least once: it may come again after it was done.

    `name` and `payload` are those that it was asked for with; `attempt` counts from 1.
    """

    id: str
    name: str
    payload: Any = None
    attempt: int = 1
    control: JobControl = field(default_factory=Alone, repr=False, compare=False)

    @property
    def again(self) -> bool:
        """Whether it may have been done before, in whole or in part."""
        return self.attempt > 1

    @property
    def cancelled(self) -> bool:
        """Whether somebody has asked for its end: then return soon."""
        return self.control.is_cancelled()

    def progress(self, percent: int, note: str = "") -> None:
        """Say how far it is, 0 to 100, with up to 300 characters for those who look on.

        Long work calls this now and then. Raises `JobStopped` where the job is to end: let it
        through.
        """
        self.control.progress(percent, note)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """An entry of the manifest's `schedules` whose time has come, in the hands of `on_schedule`.

    `planned_at` is when it was to run, aware and in UTC. What was missed meanwhile comes once.
    """

    id: str
    planned_at: datetime
    attempt: int = 1

    @property
    def again(self) -> bool:
        """Whether this planned time may have been worked on before."""
        return self.attempt > 1


class JobsDoor(Protocol):
    """Work of this extension for later, in the current workspace; `run_job` does it.

    No scope is needed: a job acts with the grant alone.
    """

    def enqueue(
        self,
        name: str,
        payload: Any = None,
        *,
        delay_seconds: float = 0,
        unique_key: str | None = None,
        max_attempts: int = 5,
    ) -> str:
        """Ask for a job, at once and by itself; give its id.

        `name` has up to 80 printable characters, `payload` is JSON of up to 64 KiB. It is due
        after `delay_seconds`, 30 days at most. Where a job with the same `unique_key` (up to 100
        printable characters) waits or runs already, none is stored and that one's id given. After
        `max_attempts`, 20 at most, it has failed for good. Raises `Invalid`; `Unavailable` where
        1,000 jobs of this installation wait or run; `NotFound` where it was uninstalled meanwhile.
        """
