"""The schedules of extensions: rows for what the installed set asks for, and for nothing else."""

import math
import time
from collections.abc import Iterable, Mapping
from typing import Any, Final

import structlog
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from extensions.sdk.hookspecs import BUDGET_SECONDS
from geminicrm.identity.models import Workspace
from geminicrm.kernel.generation import RUNTIME, Generations
from geminicrm.kernel.jobs.models import Schedule
from geminicrm.kernel.jobs.schedules import Wanted, keep_schedules
from geminicrm.kernel.work import Work, Works
from geminicrm.runtime.asking_for_jobs import WAITING_SECONDS
from geminicrm.runtime.models import Installation

SCHEDULE_KIND: Final = "extension.schedule"
SCHEDULE_SECONDS: Final = math.ceil(BUDGET_SECONDS["on_schedule"]) + WAITING_SECONDS
_HOOK: Final = "on_schedule"
_LOOK_SECONDS: Final = 60.0
_log = structlog.get_logger(__name__)
_Targets = Mapping[tuple[str, str], frozenset[Wanted]]


class ScheduleKeeper:
    """Makes the rows follow the installed set, whichever process changes it, and how.

    Any number of workers may do so at once.
    """

    def __init__(self, works: Works, generations: Generations) -> None:
        self._works = works
        self._generations = generations
        self._seen = -1
        self._looked = -_LOOK_SECONDS

    def step(self) -> None:
        """Keep them where something was installed or changed, and every minute; cheap else."""
        generation = self._generations.get(RUNTIME)
        now = time.monotonic()
        if generation == self._seen and now - self._looked < _LOOK_SECONDS:
            return
        self.keep()
        self._seen, self._looked = generation, now

    def keep(self) -> None:
        """Add what is missing, change what differs, remove what nobody asks for any more."""
        with self._works.across_workspaces("schedules: compare with what is installed") as work:
            wanted, there = _wanted(work), _there(work)
        for workspace_id, target in sorted({*wanted, *there}):
            key = workspace_id, target
            if wanted.get(key) != there.get(key):
                self._keep(workspace_id, target, wanted.get(key, frozenset()))

    def _keep(self, workspace_id: str, target: str, wanted: frozenset[Wanted]) -> None:
        ordered = sorted(wanted, key=lambda one: one.name)
        try:
            with self._works.across_workspaces("schedules: keep them", write=True) as work:
                keep_schedules(work, workspace_id, SCHEDULE_KIND, target, ordered)
        except IntegrityError:
            _log.debug("another worker was quicker to keep schedules", target=target)


def _wanted(work: Work) -> _Targets:
    zones = {row.id: row.time_zone for row in work.session.scalars(select(Workspace))}
    rows = work.session.scalars(select(Installation).where(Installation.enabled))
    found = {
        (row.workspace_id, row.id): frozenset(_of(row, zones[row.workspace_id])) for row in rows
    }
    return {key: wanted for key, wanted in found.items() if wanted}


def _of(row: Installation, zone: str) -> Iterable[Wanted]:
    if row.hooks is not None and _HOOK not in row.hooks:
        return
    entries: list[dict[str, Any]] = row.manifest.get("schedules", [])
    for one in entries:
        yield _row(one["id"], one["cron"], zone, one.get("description", ""))


def _there(work: Work) -> _Targets:
    found: dict[tuple[str, str], set[Wanted]] = {}
    for row in work.session.scalars(select(Schedule).where(Schedule.kind == SCHEDULE_KIND)):
        one = _row(row.name, row.cron, row.zone, row.description, row.seconds)
        found.setdefault((row.workspace_id, row.target), set()).add(one)
    return {key: frozenset(wanted) for key, wanted in found.items()}


def _row(
    name: str, cron: str, zone: str, description: str, seconds: int = SCHEDULE_SECONDS
) -> Wanted:
    return Wanted(name=name, cron=cron, zone=zone, seconds=seconds, description=description)
