"""Care of the rows: leases of the dead, clocks that jump, what is kept long enough."""

import math
import time
from collections.abc import Sequence
from typing import Final

import structlog

from geminicrm.kernel.jobs import deaths, retention
from geminicrm.kernel.jobs.clock_jumps import set_ahead, set_back
from geminicrm.kernel.jobs.retention import Keeper
from geminicrm.kernel.owners import is_dead
from geminicrm.kernel.work import Work, Works

_LOOK_SECONDS: Final = 1.0
_JUMP_SECONDS: Final = 5.0
_DAY_SECONDS: Final = 86_400.0
_WARN_SECONDS: Final = 3600.0
_PARTS: Final = 20
_log = structlog.get_logger(__name__)


class Care:
    """Looks after the rows of one database, from one worker among others."""

    def __init__(self, works: Works, owner: str, keepers: Sequence[Keeper] = ()) -> None:
        self._works = works
        self._keepers = tuple(keepers)
        self._warned = -_WARN_SECONDS
        self._owner = owner
        self._looked = -_LOOK_SECONDS
        self._offset: float | None = None
        self._distrusted_until = 0.0

    def step(self) -> None:
        """Do what is due, before anything is taken; cheap where nothing is."""
        self._follow_clock()
        now = time.monotonic()
        if now - self._looked >= _LOOK_SECONDS:
            self._looked = now
            self._free_the_dead()

    def sweep(self) -> None:
        """Remove what was kept long enough, a part of it at a time.

        Nothing goes for a day after the clock was set ahead by more than a day: it may be wrong,
        and what is gone does not come back when it is set right.
        """
        if time.monotonic() < self._distrusted_until:
            return
        for remove in (retention.sweep_ended, self._sweep_dead, retention.sweep_events):
            for _part in range(_PARTS):
                with self._works.across_workspaces("jobs: sweep", write=True) as work:
                    count = remove(work)
                if count < retention.BATCH:
                    break
        self._warn()

    def _sweep_dead(self, work: Work) -> int:
        count, gone = retention.sweep_dead(work)
        for keeper in self._keepers if gone else ():
            keeper.removed(work, gone)
        return count

    def _warn(self) -> None:
        """Have told what will leave soon, or does so no more; now and then is enough."""
        if time.monotonic() - self._warned < _WARN_SECONDS:
            return
        self._warned = time.monotonic()
        with self._works.across_workspaces("jobs: look what leaves soon", write=True) as work:
            found = retention.leaving(work)
            for keeper in self._keepers:
                keeper.leaving(work, found)

    def _follow_clock(self) -> None:
        # This one goes on while the machine sleeps, and nobody sets it.
        offset = self._works.clock.now().timestamp() - time.clock_gettime(time.CLOCK_BOOTTIME)
        # Nobody knows what the clock did before this process: it may have been set back.
        ahead = -math.inf if self._offset is None else offset - self._offset
        if abs(ahead) > _JUMP_SECONDS:
            with self._works.across_workspaces("jobs: the clock was set", write=True) as work:
                if ahead > 0:
                    set_ahead(work, ahead)
                else:
                    set_back(work)
            if ahead > _DAY_SECONDS:
                self._distrusted_until = time.monotonic() + _DAY_SECONDS
            # Now only: where the database was away the rows are still to be mended.
            self._offset = offset

    def _free_the_dead(self) -> None:
        with self._works.across_workspaces("jobs: look for dead workers") as work:
            others = [one for one in deaths.owners(work) if one != self._owner]
        for dead in filter(is_dead, others):
            with self._works.across_workspaces("jobs: free what it held", write=True) as work:
                count = deaths.free(work, dead)
            if count:
                _log.warning("took over what a killed worker held", worker=dead, jobs=count)
