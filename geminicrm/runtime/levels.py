"""The locks in force: what hosts report when they start, written into their installations' rows."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select, update

from geminicrm.kernel.work import Works
from geminicrm.runtime.models import Installation


@dataclass(frozen=True, slots=True)
class _Report:
    level: dict[str, str]
    locked: bool


class Levels:
    """Remembers what hosts of this process report; `flush` stores what the rows do not say yet."""

    def __init__(self, works: Works) -> None:
        self._works = works
        self._lock = threading.Lock()
        self._reported: dict[str, _Report] = {}

    def note(self, installation_id: str, level: Mapping[str, str], *, locked: bool) -> None:
        """Take the report of a host that was to be `locked`, or not; the last one counts."""
        with self._lock:
            self._reported[installation_id] = _Report(dict(level), locked=locked)

    def flush(self) -> None:
        """Write the reports down; where that fails the next start of a host reports again."""
        with self._lock:
            reported, self._reported = self._reported, {}
        if not reported:
            return
        with self._works.across_workspaces("levels: the locks in force", write=True) as work:
            facts = (Installation.id, Installation.level, Installation.trusted)
            query = select(*facts).where(Installation.id.in_(reported))
            for installation_id, stored, trusted in work.session.execute(query).all():
                report = reported[installation_id]
                # A host of before the trust was given or taken tells nothing of the one to come.
                if stored == report.level or trusted == report.locked:
                    continue
                # Not by the row itself: a report is no change of the installation's revision.
                work.session.execute(
                    update(Installation)
                    .where(Installation.id == installation_id)
                    .values(level=report.level)
                    .execution_options(synchronize_session=False)
                )
