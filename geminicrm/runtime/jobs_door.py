"""Jobs of extensions, as an extension asks for them, and as a running one speaks of itself."""

from collections.abc import Callable
from typing import Any

from extensions.sdk.errors import Finding, Invalid, JobStopped
from geminicrm.kernel.jobs.kinds import Cancelled, Interrupted, Overran, Run
from geminicrm.runtime.asking_for_jobs import JobDesk, checked
from geminicrm.runtime.call_context import CallContext
from geminicrm.runtime.dry_doors import noted
from geminicrm.runtime.sdk_errors import translated
from geminicrm.runtime.storage_door import owner_of


class RunControl:
    """Implements the SDK's JobControl for one run."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def progress(self, percent: float, note: str = "") -> None:
        """Say how far it is. Raises JobStopped, Invalid."""
        if not isinstance(percent, int | float) or not isinstance(note, str):
            raise Invalid([Finding("/percent", "wrong_value", "Give a number from 0 to 100.")])
        try:
            self._run.progress(int(max(0, min(100, percent))), note.replace("\0", "?"))
        except (Cancelled, Interrupted, Overran) as error:
            raise JobStopped(f"This job is to end: {error}.") from error

    def is_cancelled(self) -> bool:
        """Tell whether somebody has asked for its end."""
        return self._run.cancelled


class ExtensionJobs:
    """Implements the SDK's JobsDoor; it needs an open call and no scope."""

    door = "jobs"

    def __init__(self, desk: JobDesk, call: Callable[[], CallContext]) -> None:
        self._desk = desk
        self._call = call

    @noted
    def enqueue(
        self,
        name: str,
        payload: Any = None,
        *,
        delay_seconds: float = 0,
        unique_key: str | None = None,
        max_attempts: int = 5,
    ) -> str:
        """Store a job; give its id. Raises Invalid, Unavailable, NotFound."""
        call = self._call()
        installed = call.installed
        with translated("installed extension", installed.extension_id):
            new = checked(
                installed.id,
                name,
                payload,
                delay_seconds=delay_seconds,
                unique_key=unique_key,
                max_attempts=max_attempts,
            )
            return self._desk.enqueue(owner_of(call), new)

    def control(self) -> RunControl:
        """Give the control of the job that this call does. Raises Invalid where it does none."""
        run = self._call().run
        if run is None:
            raise Invalid([Finding("", "no_job", "No job runs in this call.")])
        return RunControl(run)
