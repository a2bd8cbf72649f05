"""Undoing an order of several changes of which some have happened."""

from typing import Final

import structlog
from sqlalchemy import select

from geminicrm.kernel.errors import AppError
from geminicrm.runtime.changes import Data
from geminicrm.runtime.history.models import ORDER, Run
from geminicrm.runtime.recovery.case import Case

LEFT: Final = "left"
"""The fact that names what had left settings or documents here before the order."""
_log = structlog.get_logger(__name__)


def undo_order(case: Case) -> None:
    """Take back what has happened, the last first; an order whose last change has happened stays.

    Where one can't be taken back it is tried again, and given up after some tries: then the journal
    says what is left.
    """
    happened = _happened(case)
    if any(run.extension_id == case.run.extension_id for run in happened):
        with case.tools.works.write(case.actor) as work:
            case.lease.confirm(work)
            case.entry.done(work)
        return
    last_try = not case.may_try()
    left = []
    for run in happened:
        try:
            data: Data = "keep" if run.extension_id in case.facts[LEFT] else "purge"
            case.take_back(case.actor, run, data, case.lease)
        except AppError as error:
            if not last_try:
                raise
            _log.exception("a change of an order could not be taken back", run=run.id)
            left.append(f"{run.extension_id} {run.to_version}: {error}")
    rest = f" But this is left: {' '.join(left)}" if left else " Nothing of it is left."
    case.entry.undone(f"{case.why}{rest}")


def _happened(case: Case) -> list[Run]:
    query = (
        select(Run)
        .where(Run.group_id == case.run.group_id, Run.state == "done", Run.kind != ORDER)
        .order_by(Run.started_at.desc(), Run.id.desc())
    )
    with case.tools.works.read(case.actor) as work:
        return list(work.session.scalars(query))
