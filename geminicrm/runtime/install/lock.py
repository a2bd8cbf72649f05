"""One change of the installed set at a time in each workspace, over all processes and machines."""

import contextlib
import time
from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from geminicrm.kernel.errors import Conflict, Unavailable
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.owners import is_dead, own_name
from geminicrm.kernel.work import Actor, Work, Works
from geminicrm.runtime.models import InstallLock

LEASE_SECONDS = 180.0
"""Longer than any single step may take; a holder that died unseen is forgotten after it."""
WAIT_SECONDS = 30.0
_PAUSE_SECONDS = 0.05


class WorkspaceLock:
    """The lock of the actor's workspace as one holder has it."""

    def __init__(self, works: Works, actor: Actor, lease_seconds: float = LEASE_SECONDS) -> None:
        self._works = works
        self._actor = actor
        self._lease = timedelta(seconds=lease_seconds)
        self._holder = new_id("run")

    @contextlib.contextmanager
    def held(self, wait_seconds: float = WAIT_SECONDS) -> Iterator["WorkspaceLock"]:
        """Hold it while the block runs. Raises Unavailable when others keep it for too long."""
        deadline = time.monotonic() + wait_seconds
        while not self._take():
            if time.monotonic() >= deadline:
                raise Unavailable(
                    "Another extension is being installed or removed in this workspace; "
                    "wait for it, then repeat.",
                    5.0,
                )
            time.sleep(_PAUSE_SECONDS)  # a lock of the database can only be asked for again
        try:
            yield self
        finally:
            self._release()

    def renew(self) -> None:
        """Hold it for another lease. Raises Conflict where somebody else has taken it."""
        with self._works.write(self._actor) as work:
            self.confirm(work)

    def confirm(self, work: Work) -> None:
        """Hold it for another lease as part of this transaction. Raises Conflict."""
        row = self._row(work)
        if row is None or row.holder != self._holder:
            raise Conflict("The install took too long and another one has begun; start it again.")
        row.until = work.now + self._lease

    def _take(self) -> bool:
        try:
            with self._works.write(self._actor) as work:
                return self._take_in(work)
        except IntegrityError:
            return False  # another machine made the workspace's row in this moment

    def _take_in(self, work: Work) -> bool:
        row = self._row(work)
        until = work.now + self._lease
        if row is None:
            row = InstallLock(id=new_id("lock"))
            work.session.add(row)
        elif row.holder and row.until > work.now and not is_dead(row.owner or ""):
            return False
        row.holder, row.owner, row.until = self._holder, own_name(), until
        return True

    def _release(self) -> None:
        with self._works.write(self._actor) as work:
            row = self._row(work)
            if row is not None and row.holder == self._holder:
                row.holder, row.owner = "", None

    def _row(self, work: Work) -> InstallLock | None:
        return work.session.scalar(select(InstallLock).with_for_update())
