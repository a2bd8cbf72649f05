"""How often extensions are installed: counted when the set of installations has changed."""

import structlog
from sqlalchemy import func, select

from geminicrm.kernel.errors import Unavailable
from geminicrm.kernel.generation import RUNTIME, Generations
from geminicrm.kernel.work import Work, Works
from geminicrm.runtime.models import Installation
from marketplace.models import RegistryExtension

_log = structlog.get_logger(__name__)


class InstallCounts:
    """Keeps `install_count` in step with the installations of all workspaces.

    Every change of an installation raises the runtime's generation; comparing two numbers tells
    whether there is anything to do.
    """

    def __init__(self, works: Works, generations: Generations) -> None:
        self._works = works
        self._generations = generations
        self._counted: int | None = None

    def refresh(self) -> None:
        """Count anew if anything changed since; a busy database puts it off to the next time."""
        generation = self._generations.get(RUNTIME)
        if generation == self._counted:
            return
        try:
            self._count()
        except Unavailable as error:
            _log.warning("installations are counted later", reason=error.detail)
        else:
            self._counted = generation

    def _count(self) -> None:
        with self._works.across_workspaces("count installations") as work:
            if not _differences(work):
                return
        with self._works.across_workspaces("keep the count of installations", write=True) as work:
            for row, count in _differences(work):
                row.install_count = count


def _differences(work: Work) -> list[tuple[RegistryExtension, int]]:
    counted = (
        select(Installation.extension_id, func.count(Installation.id).label("found"))
        .group_by(Installation.extension_id)
        .subquery()
    )
    found = func.coalesce(counted.c.found, 0)
    statement = (
        select(RegistryExtension, found)
        .outerjoin(counted, counted.c.extension_id == RegistryExtension.id)
        .where(RegistryExtension.install_count != found)
    )
    return [(row, int(count)) for row, count in work.session.execute(statement)]
