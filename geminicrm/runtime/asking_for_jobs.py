"""Asking for jobs: how the work of extensions gets among that of the core."""

import math
from typing import Final, TypeGuard

import orjson
from sqlalchemy import func, select

from extensions.sdk.hookspecs import BUDGET_SECONDS
from extensions.sdk.jobs import (
    MAX_DELAY_SECONDS,
    MAX_JOB_NAME,
    MAX_OPEN_JOBS,
    MAX_PAYLOAD_BYTES,
    MAX_UNIQUE_KEY,
    MOST_ATTEMPTS,
)
from geminicrm.kernel.errors import Finding, TooManyRequests, ValidationFailed
from geminicrm.kernel.jobs.jobs import NewJob, enqueue, queue_of
from geminicrm.kernel.jobs.models import OPEN, Job
from geminicrm.kernel.work import Work, Works
from geminicrm.runtime.storage import Owner, queue_up, refuse_if_gone
from geminicrm.runtime.storage_values import Bounds, encode

JOB_KIND: Final = "extension.job"
WAITING_SECONDS: Final = 30
"""What a job may wait for its place and for its host to start, on top of its own time."""
JOB_SECONDS: Final = math.ceil(BUDGET_SECONDS["run_job"]) + WAITING_SECONDS
_AGAIN_SECONDS: Final = 60.0
_MAX_DEPTH: Final = 24
_PAYLOAD: Final = Bounds(
    MAX_PAYLOAD_BYTES,
    _MAX_DEPTH,
    f"The payload of a job has at most {MAX_PAYLOAD_BYTES // 1024} KiB as JSON: keep the rest in a "
    "document, and give its key.",
)


def checked(
    installation_id: str,
    name: object,
    payload: object,
    *,
    delay_seconds: object,
    unique_key: object,
    max_attempts: object,
) -> NewJob:
    """Make the job of what an extension gives. Raises ValidationFailed with all findings."""
    text, wrong = encode(payload, "/payload", _PAYLOAD)
    findings = [wrong] if wrong is not None else []
    if not _is_text(name, MAX_JOB_NAME):
        findings.append(_wrong("/name", f"a text of 1 to {MAX_JOB_NAME} printable characters"))
    if not _is_number(delay_seconds) or not 0 <= delay_seconds <= MAX_DELAY_SECONDS:
        findings.append(_wrong("/delay_seconds", f"seconds from 0 to {MAX_DELAY_SECONDS}"))
    if unique_key is not None and not _is_text(unique_key, MAX_UNIQUE_KEY):
        wanted = f"a text of 1 to {MAX_UNIQUE_KEY} printable characters, or None"
        findings.append(_wrong("/unique_key", wanted))
    if not _is_whole(max_attempts) or not 1 <= max_attempts <= MOST_ATTEMPTS:
        findings.append(_wrong("/max_attempts", f"a whole number from 1 to {MOST_ATTEMPTS}"))
    if findings:
        raise ValidationFailed(findings)
    return NewJob(
        kind=JOB_KIND,
        target=installation_id,
        payload={"name": name, "payload": orjson.loads(text)},
        seconds=JOB_SECONDS,
        max_attempts=int(max_attempts),  # type: ignore[call-overload]  # looked at above
        delay_seconds=float(delay_seconds),  # type: ignore[arg-type]  # looked at above
        # Of its kind it is the only one in the workspace, whichever extension it belongs to.
        unique_key=None if unique_key is None else f"{installation_id}/{unique_key}",
    )


class JobDesk:
    """Stores jobs, each in a unit of its own, up to so many open ones of an installation."""

    def __init__(self, works: Works, most: int = MAX_OPEN_JOBS) -> None:
        self._works = works
        self._most = most

    def enqueue(self, owner: Owner, new: NewJob) -> str:
        """Store it; give its id. Raises TooManyRequests, NotInstalled."""
        with self._works.write(owner.actor) as work:
            queue_up(work, owner.extension_id)
            refuse_if_gone(work, owner)
            if _open_jobs(work, new.target, self._most) >= self._most:
                message = (
                    f"{self._most:,} jobs of {owner.extension_id} wait or run in this workspace, "
                    "as many as it may have: ask again later, or for less."
                )
                raise TooManyRequests(message, _AGAIN_SECONDS)
            return enqueue(work, new)


def _open_jobs(work: Work, target: str, most: int) -> int:
    mine = (
        select(Job.id)
        .where(
            Job.queue == queue_of(work.workspace_id, target),
            Job.kind == JOB_KIND,
            Job.state.in_(OPEN),
        )
        .limit(most)
    )
    return work.session.scalar(select(func.count()).select_from(mine.subquery())) or 0


def _wrong(pointer: str, wanted: str) -> Finding:
    return Finding(pointer, "wrong_value", f"Give {wanted}.")


def _is_text(value: object, most: int) -> TypeGuard[str]:
    return isinstance(value, str) and 1 <= len(value) <= most and value.isprintable()


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
