"""Jobs and schedules of extensions, as a worker does them: in host or process, by a deadline."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from extensions.sdk.errors import JobStopped, Unavailable
from extensions.sdk.hookspecs import BUDGET_SECONDS
from extensions.sdk.jobs import Job, Schedule
from geminicrm.identity.actor import SystemActor
from geminicrm.kernel.jobs.kinds import Cancelled, Claimed, Postponed, Run
from geminicrm.kernel.jobs.schedules import planned_time
from geminicrm.kernel.work import Works
from geminicrm.runtime.asking_for_jobs import JOB_KIND
from geminicrm.runtime.call_context import CallContext
from geminicrm.runtime.calls import Calls
from geminicrm.runtime.convergence import Convergence
from geminicrm.runtime.failures import InSafeMode
from geminicrm.runtime.jobs_door import RunControl
from geminicrm.runtime.live import Installed
from geminicrm.runtime.models import Installation
from geminicrm.runtime.postponing import postponing
from geminicrm.runtime.schedules import SCHEDULE_KIND

PATIENCE_SECONDS: Final = 5.0
_AWAY_SECONDS: Final = 5.0
_INSTALLING: Final = timedelta(minutes=10)
"""So long a job may wait for the installation that asked for it while it was installed."""


class HookMissing(LookupError):
    """The version that is installed now has no such hook."""


class HookKind:
    """Implements the engine's Kind: does each job by a hook of the installation it is for."""

    def __init__(
        self,
        name: str,
        hook: str,
        argument: Callable[[Claimed, Run], object],
        convergence: Convergence,
        calls: Calls,
        works: Works,
    ) -> None:
        self.name = name
        self._hook = hook
        self._argument = argument
        self._convergence = convergence
        self._calls = calls
        self._works = works

    def ready(self) -> bool:
        """Tell whether extensions run: not so in safe mode."""
        return not self._convergence.current().safe

    def run(self, job: Claimed, run: Run) -> None:
        """Run the hook with the grant alone; any error means try again.

        The SDK's Unavailable is the expected one: it does not count against the extension. Where
        its code could not be run at all the job waits: Postponed. Raises Cancelled where it was
        cancelled, and where the extension is gone or switched off.
        """
        with postponing():
            installed = self._installed(job)
            self._call(installed, job, run)
        if run.cancelled:
            raise Cancelled("somebody has cancelled it")

    def _call(self, installed: Installed, job: Claimed, run: Run) -> None:
        hook = installed.loaded.hooks.get(self._hook)
        if hook is None:
            version = installed.manifest.version
            raise HookMissing(f"{installed.name} {version} has no {self._hook}")
        call = CallContext(
            installed,
            SystemActor(job.workspace_id),
            self._hook,
            BUDGET_SECONDS[self._hook],
            (Unavailable, JobStopped),
            patience=PATIENCE_SECONDS,
            run=run,
        )
        given = self._argument(job, run)
        try:
            self._calls.run_with_deadline(call, lambda: hook.call(given))
        except JobStopped:
            run.check()  # says why, in the engine's words
            raise

    def _installed(self, job: Claimed) -> Installed:
        table = self._convergence.current()
        if job.target not in table.by_id and self._convergence.repair():
            table = self._convergence.current()
        if table.safe:
            raise InSafeMode("jobs wait")
        waited_for = table.waited_for(job.target)
        if waited_for is not None:
            raise Postponed(f"it is not served here: {waited_for.why}", _AWAY_SECONDS)
        found = table.by_id.get(job.target)
        if found is None:
            self._explain(job)
        else:
            return found
        raise Cancelled("the extension is not installed any more, or switched off")

    def _explain(self, job: Claimed) -> None:
        """Raise Postponed while the installation that asked for the job may still come."""
        with self._works.across_workspaces("jobs: look for an installation") as work:
            row = work.session.get(Installation, job.target)
            young = job.created_at > work.now - _INSTALLING
        if row is not None and row.enabled:
            raise Postponed("it is not served here yet", _AWAY_SECONDS)
        if row is None and young:
            raise Postponed("it is not installed yet", _AWAY_SECONDS)


def job_kind(convergence: Convergence, calls: Calls, works: Works) -> HookKind:
    """Make the kind that does what extensions have asked for, by `run_job`."""
    return HookKind(JOB_KIND, "run_job", _job, convergence, calls, works)


def schedule_kind(convergence: Convergence, calls: Calls, works: Works) -> HookKind:
    """Make the kind that does what has come round, by `on_schedule`."""
    return HookKind(SCHEDULE_KIND, "on_schedule", _schedule, convergence, calls, works)


def _job(job: Claimed, run: Run) -> Job:
    asked: dict[str, Any] = dict(job.payload)
    return Job(
        id=job.id,
        name=asked["name"],
        payload=asked["payload"],
        attempt=job.told,
        control=RunControl(run),
    )


def _schedule(job: Claimed, _run: Run) -> Schedule:
    return Schedule(
        id=job.payload["name"],
        planned_at=planned_time(job) or job.created_at,
        attempt=job.told,
    )
