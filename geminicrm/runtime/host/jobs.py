"""`self.app.jobs` inside a host, and the job that `run_job` is given."""

from typing import Any

import msgspec

from extensions.sdk.errors import Finding, Invalid
from extensions.sdk.jobs import Job
from geminicrm.runtime.host.current import current
from geminicrm.runtime.host.values import encode_given


class JobFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A job as it travels."""

    id: str
    name: str
    payload: Any
    attempt: int

    def job(self) -> Job:
        """Give the job as `run_job` takes it."""
        return Job(
            id=self.id,
            name=self.name,
            payload=self.payload,
            attempt=self.attempt,
            control=HostControl(),
        )


class HostControl:
    """Implements the SDK's JobControl."""

    def progress(self, percent: int, note: str = "") -> None:
        """Say how far it is."""
        _ask("progress", percent=percent, note=note)

    def is_cancelled(self) -> bool:
        """Tell whether somebody has asked for its end."""
        return bool(_ask("is_cancelled"))


class HostJobs:
    """Implements the SDK's JobsDoor."""

    def enqueue(
        self,
        name: str,
        payload: Any = None,
        *,
        delay_seconds: float = 0,
        unique_key: str | None = None,
        max_attempts: int = 5,
    ) -> str:
        """Ask for a job; give its id."""
        return str(
            _ask(
                "enqueue",
                name=name,
                payload=payload,
                delay_seconds=delay_seconds,
                unique_key=unique_key,
                max_attempts=max_attempts,
            )
        )


def _ask(method: str, **arguments: Any) -> Any:
    try:
        body = encode_given(arguments)
    except TypeError as error:
        raise Invalid([Finding("", "not_json", str(error))]) from error
    return current().ask("jobs", method, body)
