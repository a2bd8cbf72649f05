"""How often extensions are installed: counted when the set of installations has changed."""

from typing import Any, NamedTuple

import structlog
from sqlalchemy import ColumnElement, Select, and_, case, distinct, false, func, select, union

from geminicrm.kernel.errors import Unavailable
from geminicrm.kernel.generation import RUNTIME, Generations
from geminicrm.kernel.work import Work, Works
from geminicrm.runtime.history.models import (
    ExtensionOrigin,
    InstalledVersion,
    RemovedInstallation,
)
from geminicrm.runtime.models import EMBEDDED, Installation
from marketplace.models import RegistryExtension
from marketplace.visibility import PRIVATE

_log = structlog.get_logger(__name__)


class _Counted(NamedTuple):
    row: RegistryExtension
    ever: int
    active: int


class InstallCounts:
    """Keeps `install_count` and `active_count` in step with the installations of all workspaces.

    The first counts every workspace that has ever installed it and never falls; the second those
    in which it is switched on. Every change of an installation raises the runtime's generation;
    comparing two numbers tells whether there is anything to do.
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
            for one in _differences(work):
                one.row.install_count = max(one.row.install_count, one.ever)
                one.row.active_count = one.active


def _differences(work: Work) -> list[_Counted]:
    counted = _by_extension().subquery()
    ever = func.coalesce(counted.c.ever, 0)
    active = func.coalesce(counted.c.active, 0)
    statement = (
        select(RegistryExtension, ever, active)
        .outerjoin(counted, counted.c.key == RegistryExtension.id)
        .where(
            (RegistryExtension.install_count < ever) | (RegistryExtension.active_count != active)
        )
    )
    found = work.session.execute(statement)
    return [_Counted(row, int(some), int(now)) for row, some, now in found]


def _by_extension() -> Select[Any, int, int]:
    """Count by row: a workspace that has a private one of this id has installed that one."""
    there = union(
        _pairs(Installation, Installation.registry_id == EMBEDDED, Installation.enabled),
        _pairs(InstalledVersion, InstalledVersion.registry_id == EMBEDDED, false()),
        _pairs(ExtensionOrigin, ExtensionOrigin.registry_id == EMBEDDED, false()),
        _pairs(RemovedInstallation, RemovedInstallation.id.is_not(None), false()),
    ).subquery()
    own = (
        select(
            RegistryExtension.id,
            RegistryExtension.extension_id,
            RegistryExtension.workspace_id,
        )
        .where(RegistryExtension.visibility == PRIVATE)
        .subquery()
    )
    key = func.coalesce(own.c.id, there.c.extension_id).label("key")
    switched_on = case((there.c.enabled, there.c.workspace_id))
    return (
        select(
            key,
            func.count(distinct(there.c.workspace_id)).label("ever"),
            func.count(distinct(switched_on)).label("active"),
        )
        .select_from(there)
        .outerjoin(
            own,
            and_(
                own.c.extension_id == there.c.extension_id,
                own.c.workspace_id == there.c.workspace_id,
            ),
        )
        .group_by(key)
    )


def _pairs(
    model: type[Any], wanted: ColumnElement[bool], enabled: ColumnElement[bool] | Any
) -> Select[Any]:
    return select(model.extension_id, model.workspace_id, enabled.label("enabled")).where(wanted)
