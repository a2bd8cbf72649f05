"""The workers' leases: who lives, and which generation each of them serves."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import delete, select
from sqlalchemy.exc import SQLAlchemyError

from geminicrm.kernel.ids import new_id
from geminicrm.kernel.work import Work, Works
from geminicrm.runtime.models import WorkerLease
from geminicrm.runtime.table import SAFE_HASH

LEASE_SECONDS = 5.0
_FORGET_SECONDS = 60.0
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class WorkerState:
    """One living worker as the page of workers shows it; `not_loaded` is by installation."""

    id: str
    machine: str
    kind: str
    pid: int
    generation: int
    content_hash: str
    seen_at: datetime
    not_loaded: Mapping[str, str]

    @property
    def safe(self) -> bool:
        """Tell whether it is in safe mode."""
        return self.content_hash == SAFE_HASH


class Leases:
    """The lease of this process, and a look at the others."""

    def __init__(self, works: Works, machine: str, kind: str) -> None:
        self._works = works
        self._machine = machine
        self._kind = kind
        self._held = False
        self.id = new_id("wrk")
        self._held = False

    def acknowledge(
        self, generation: int, content_hash: str, not_loaded: Mapping[str, str] | None = None
    ) -> None:
        """Say what this process serves, and that it lives for another 5 s."""
        with self._works.across_workspaces("worker: renew the lease", write=True) as work:
            row = work.session.get(WorkerLease, self.id)
            if row is None:
                _forget_the_dead(work)
                row = WorkerLease(
                    id=self.id, machine=self._machine, kind=self._kind, pid=os.getpid()
                )
            row.generation = generation
            row.content_hash = content_hash
            row.not_loaded = dict(not_loaded) if not_loaded else None
            row.lease_until = work.now + timedelta(seconds=LEASE_SECONDS)
            work.session.add(row)
        self._held = True

    def give_up(self) -> None:
        """Say that this process is gone, if it ever said that it is there.

        Where the database is away, the lease runs out by itself.
        """
        if not self._held:
            return
        try:
            with self._works.across_workspaces("worker: end the lease", write=True) as work:
                work.session.execute(delete(WorkerLease).where(WorkerLease.id == self.id))
        except SQLAlchemyError as error:
            _log.warning("the lease was left to run out", error=str(error))
        self._held = False

    def alive(self) -> Sequence[WorkerState]:
        """Give the workers of all machines whose lease runs."""
        with self._works.across_workspaces("worker: look at the leases") as work:
            query = select(WorkerLease).where(WorkerLease.lease_until > work.now)
            return [
                WorkerState(
                    row.id,
                    row.machine,
                    row.kind,
                    row.pid,
                    row.generation,
                    row.content_hash,
                    row.lease_until - timedelta(seconds=LEASE_SECONDS),
                    row.not_loaded or {},
                )
                for row in work.session.scalars(query.order_by(WorkerLease.id))
            ]

    def all_serve(self, generation: int) -> bool:
        """Tell whether every living worker of this machine serves the generation, or a newer."""
        return all(
            one.generation >= generation for one in self.alive() if one.machine == self._machine
        )


def _forget_the_dead(work: Work) -> None:
    forgotten = work.now - timedelta(seconds=_FORGET_SECONDS)
    work.session.execute(delete(WorkerLease).where(WorkerLease.lease_until < forgotten))
