"""An installation whose host crashes again and again is switched off, for all to know."""

import structlog

from geminicrm.kernel.errors import AppError
from geminicrm.kernel.generation import AUTH, RUNTIME, Generations
from geminicrm.kernel.work import Work, Works
from geminicrm.runtime import crash_notices
from geminicrm.runtime.hosting.supervising import CrashLoop
from geminicrm.runtime.models import Installation
from geminicrm.runtime.watching.watching import ComeBack

_MOST_LINES = 20
_log = structlog.get_logger(__name__)


class CrashLoops:
    """Writes it down once, whatever number of processes see it.

    Not to be called inside of a unit of work: it has one of its own.
    """

    def __init__(self, works: Works, generations: Generations, come_back: ComeBack) -> None:
        self._works = works
        self._generations = generations
        self._come_back = come_back

    def switch_off(self, loop: CrashLoop) -> None:
        """Switch the installation off, unless somebody has done so or changed its version.

        One that is watched returns to the version before instead, if that can be had.
        """
        if self._has_returned(loop):
            return
        with self._works.across_workspaces("runtime: switch off what crashes", write=True) as work:
            row = work.session.get(Installation, loop.installation_id, with_for_update=True)
            if row is None or not row.enabled or row.digest != loop.digest:
                return
            self._store(work, row, loop)
        _log.error(
            "an extension crashed again and again and was switched off",
            extension_id=row.extension_id,
            installation_id=row.id,
            workspace_id=row.workspace_id,
            reason=loop.reason,
        )

    def _has_returned(self, loop: CrashLoop) -> bool:
        with self._works.across_workspaces("runtime: is what crashes watched") as work:
            row = work.session.get(Installation, loop.installation_id)
        if row is None or row.digest != loop.digest or not row.watch:
            return False
        reason = f"Its process ended again and again: {loop.reason}."
        try:
            return self._come_back(row.workspace_id, row.extension_id, row.digest, reason)
        except AppError as error:
            _log.warning("no way back from what crashes", id=row.id, error=str(error))
            return False

    def _store(self, work: Work, row: Installation, loop: CrashLoop) -> None:
        lines = list(loop.lines[-_MOST_LINES:])
        row.enabled = False
        row.status = "failed"
        row.error = "\n".join(
            [f"Its process ended again and again: {loop.reason}. It was switched off.", *lines]
        )
        row.updated_at = work.now
        work.audit(
            "extension.crashed",
            row.extension_id,
            {"reason": loop.reason, "lines": lines},
            row.workspace_id,
        )
        crash_notices.tell(work, row, loop.reason)
        self._generations.bump(work, AUTH)
        self._generations.bump(work, RUNTIME)
