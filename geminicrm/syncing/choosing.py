"""What somebody chose for the sync of a connection: reading and changing it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import select, update

from geminicrm.kernel.errors import Conflict, Finding, NotFound, ValidationFailed
from geminicrm.kernel.generation import SYNCING, Generations
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.jobs.jobs import NewJob, enqueue
from geminicrm.kernel.work import Work
from geminicrm.syncing import dirty
from geminicrm.syncing.doors_needed import FindConnection
from geminicrm.syncing.models import (
    AGAIN,
    DELETES,
    DIRECTIONS,
    FAILED,
    KINDS,
    RULES,
    UNKNOWN,
    SyncCursor,
    SyncLink,
    SyncSettings,
)

READ: Final = "read:integrations"
MANAGE: Final = "manage:integrations"
RUN_KIND: Final = "sync.run"
EVERY: Final = timedelta(minutes=5)
ARCHIVE_EVERY: Final = timedelta(minutes=30)
SECONDS: Final = 900


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What is chosen; None leaves it as it is."""

    enabled: bool | None = None
    kinds: Sequence[str] | None = None
    direction: str | None = None
    conflicts: str | None = None
    deletes: str | None = None


def find(work: Work, connection_id: str) -> SyncSettings | None:
    """Give what was chosen for a connection; None where nobody has chosen yet."""
    return work.session.scalar(
        select(SyncSettings).where(SyncSettings.connection_id == connection_id)
    )


class Choosing:
    """Changes what is synced; `place` finds connections that the actor may see."""

    def __init__(self, generations: Generations, place: FindConnection) -> None:
        self._generations = generations
        self.place = place

    def change(self, work: Work, connection_id: str, choice: Choice) -> SyncSettings:
        """Change it. Raises NotFound, ScopeMissing, ValidationFailed."""
        work.require(MANAGE)
        place = self.place(work, connection_id)
        check(choice)
        if not place.syncs:
            message = f"{place.service} can't sync records: choose another integration."
            raise ValidationFailed([Finding("/enabled", "cannot_sync", message)])
        row = find(work, connection_id) or _new(work, connection_id)
        before = _facts(row)
        for name in ("enabled", "direction", "conflicts", "deletes"):
            value = getattr(choice, name)
            setattr(row, name, getattr(row, name) if value is None else value)
        if choice.kinds is not None:
            row.kinds = [kind for kind in KINDS if kind in choice.kinds]
        after = _facts(row)
        changes = {
            name: {"from": before[name], "to": after[name]}
            for name in after
            if before[name] != after[name]
        }
        if changes:
            row.updated_at = work.now
            work.audit("sync.changed", connection_id, changes)
            self._generations.bump(work, SYNCING)
            _look_again(work, row)
        return row

    def run(self, work: Work, connection_id: str) -> str:
        """Have it synced now; give the job's id. Raises NotFound, ScopeMissing, Conflict."""
        work.require(MANAGE)
        self.place(work, connection_id)
        row = find(work, connection_id)
        if row is None or not row.enabled:
            raise Conflict("Its sync is switched off: switch it on first.")
        row.next_at = row.archive_at = work.now
        return ask(work, connection_id)

    def again(self, work: Work, connection_id: str, link_id: str) -> None:
        """Try one that failed once more. Raises NotFound, ScopeMissing, Conflict."""
        work.require(MANAGE)
        self.place(work, connection_id)
        link = work.get(SyncLink, link_id, "sync link")
        if link.connection_id != connection_id:
            raise NotFound("sync link", link_id)
        if link.state not in {FAILED, UNKNOWN}:
            raise Conflict("It has not failed: there is nothing to be tried again.")
        if link.record_id is not None:
            dirty.mark(work, connection_id, link.kind, [link.record_id])
        # Somebody looked: what was not found there is made anew.
        link.state = FAILED if link.far_id is None else AGAIN
        link.ties_due = work.now
        ask(work, connection_id)


def ask(work: Work, connection_id: str) -> str:
    """Have a worker look at a connection; one at a time does."""
    new = NewJob(
        kind=RUN_KIND,
        payload={"connection_id": connection_id},
        seconds=SECONDS,
        max_attempts=1,  # it comes round again by itself
        unique_key=connection_id,
    )
    return enqueue(work, new)


def check(choice: Choice) -> None:
    """Raise ValidationFailed with all that is wrong."""
    allowed = {"direction": DIRECTIONS, "conflicts": RULES, "deletes": DELETES}
    found = [
        Finding(f"/{name}", "unknown_value", f"Use one of {', '.join(values)}.")
        for name, values in allowed.items()
        if getattr(choice, name) not in (None, *values)
    ]
    if choice.kinds is not None and not set(choice.kinds) <= set(KINDS):
        found.append(Finding("/kinds", "unknown_value", f"Use some of {', '.join(KINDS)}."))
    if choice.kinds is not None and not choice.kinds:
        found.append(Finding("/kinds", "required", "Choose at least one kind of record."))
    if found:
        raise ValidationFailed(found)


def _look_again(work: Work, row: SyncSettings) -> None:
    """Read and give everything anew where something else is wanted: what is the same stays."""
    row.next_at = row.archive_at = work.now
    cursors = select(SyncCursor).where(SyncCursor.connection_id == row.connection_id)
    for cursor in work.session.scalars(cursors):
        cursor.scanned, cursor.first_done = "", False
    links = update(SyncLink).where(SyncLink.connection_id == row.connection_id)
    work.session.execute(links.values(ties_due=work.now))
    if row.enabled:
        work.session.flush()
        ask(work, row.connection_id)


def _new(work: Work, connection_id: str) -> SyncSettings:
    row = SyncSettings(
        id=new_id("sset"),
        workspace_id=work.workspace_id,
        connection_id=connection_id,
        enabled=False,
        kinds=list(KINDS),
        direction="both",
        conflicts="newest",
        deletes="keep",
        next_at=work.now,
        archive_at=work.now,
        unknown_owners={},
        updated_at=work.now,
    )
    work.session.add(row)
    return row


def _facts(row: SyncSettings) -> dict[str, Any]:
    return {
        "enabled": row.enabled,
        "kinds": list(row.kinds),
        "direction": row.direction,
        "conflicts": row.conflicts,
        "deletes": row.deletes,
    }
