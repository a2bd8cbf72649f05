"""Switch: put the new version in the place of the one that runs, in one transaction."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import delete, select

from geminicrm.kernel.clock import format_instant
from geminicrm.kernel.errors import Conflict
from geminicrm.kernel.generation import AUTH, RUNTIME
from geminicrm.kernel.work import Work
from geminicrm.runtime import crash_notices
from geminicrm.runtime.history.models import WatchCount
from geminicrm.runtime.history.past import leave, remember
from geminicrm.runtime.install.drafting import Draft
from geminicrm.runtime.install.state import Course, InstallState, Tools
from geminicrm.runtime.models import Installation

OUTCOMES = {"upgrade": "replaced", "rollback": "rolled_back", "return": "returned"}
"""What becomes of the version that is left, by the kind of the run."""
_DONE = {"upgrade": "upgraded", "rollback": "rolled_back", "return": "returned"}
_STOPPED = frozenset({"failed", "quarantined"})


def do(state: InstallState, tools: Tools) -> InstallState:
    """Change the row; until that is committed the version before serves, and then the new one."""
    course, draft = state.course, state.draft
    with tools.works.write(state.order.actor) as work:
        work.require("manage:extensions")
        state.lease_held.confirm(work)
        row = _row(work, state)
        leave(work, row, OUTCOMES[course.kind], course.reason)
        _change(work, row, draft, course)
        _forget_counts(work, state)
        crash_notices.settle(work, row)
        remember(work, row)
        state.entry.done(work)
        work.audit(f"extension.{_DONE[course.kind]}", draft.extension_id, _audited(state))
        tools.generations.bump(work, AUTH)
        generation = tools.generations.bump(work, RUNTIME)
    return replace(state, generation=generation)


def _row(work: Work, state: InstallState) -> Installation:
    row = work.session.scalar(
        select(Installation).where(Installation.id == state.draft.installation_id).with_for_update()
    )
    if row is None or row.digest != state.present.digest:
        raise Conflict("The installation was changed meanwhile; look at it again, then repeat.")
    return row


def _change(work: Work, row: Installation, draft: Draft, course: Course) -> None:
    present = course.present
    taken = set(present.granted) - set(row.granted) if present else set()
    # Before the manifest changes: it says what the stored settings are.
    if course.settle is not None:
        row.settings, row.secrets = course.settle(row, draft.manifest)
    row.version, row.digest = draft.version, draft.digest
    row.manifest = dict(draft.manifest.source)
    row.registry_id, row.publisher_id = draft.registry_id, draft.publisher_id
    row.signed_by, row.built_in = draft.signed_by, draft.built_in
    # What an admin took away while it was prepared stays away.
    row.granted = sorted(set(draft.granted) - taken)
    row.trusted = draft.trusted and (row.trusted or not (present and present.trusted))
    row.hooks = list(draft.hooks) if draft.hooks is not None else None
    row.level = dict(draft.level) if draft.level is not None else None
    if row.status in _STOPPED:
        # What stopped it was the version that is left now.
        row.enabled = True
    row.status, row.error = "enabled" if row.enabled else "disabled", None
    row.watch = _watch(work, row, course)
    row.updated_at = work.now


def _forget_counts(work: Work, state: InstallState) -> None:
    """Keep what was counted of the version before only: that is what it is compared with."""
    work.session.execute(
        delete(WatchCount).where(
            WatchCount.installation_id == state.draft.installation_id,
            WatchCount.digest != state.present.digest,
        )
    )


def _watch(work: Work, row: Installation, course: Course) -> dict[str, object] | None:
    if course.watch_seconds <= 0 or not row.enabled or course.present is None:
        return None
    until = work.now + timedelta(seconds=course.watch_seconds)
    return {
        "since": format_instant(work.now),
        "until": format_instant(until),
        "version": course.present.version,
        "digest": course.present.digest,
    }


def _audited(state: InstallState) -> dict[str, object]:
    draft, present = state.draft, state.present
    return {
        "version": draft.version,
        "digest": draft.digest,
        "before": present.version,
        "granted": sorted(draft.granted),
        "trusted": draft.trusted,
        "reason": state.course.reason,
    }
