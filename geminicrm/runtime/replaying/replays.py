"""Recorded events once more: what an admin asks for, and what comes of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select

from geminicrm.kernel.clock import format_instant
from geminicrm.kernel.errors import Conflict
from geminicrm.kernel.jobs.jobs import deliver_again
from geminicrm.kernel.outbox import OutboxEvent, Sink
from geminicrm.kernel.work import Actor
from geminicrm.runtime.failures import InSafeMode
from geminicrm.runtime.history.versions import history
from geminicrm.runtime.inventory import MANAGE, find
from geminicrm.runtime.kit import Kit, require
from geminicrm.runtime.present import manifest_of
from geminicrm.runtime.replaying.candidates import find_candidate, present
from geminicrm.runtime.replaying.trials import Trial, TrialParts, Trials
from geminicrm.runtime.table import wants_event

MOST_RECENT: Final = 10
_LOOKED_AT: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """A delivery that is on its way again; `attempt` is what its handler will be told."""

    job_id: str
    event_id: str
    attempt: int


class Replays:
    """Tries events against versions, and hands them over again; needs `manage:extensions`."""

    def __init__(self, kit: Kit, parts: TrialParts, sink: Sink) -> None:
        self._kit = kit
        self._works = kit.works
        self._safe = parts.versions.safe
        self._trials = Trials(parts)
        self._sink = sink

    def dry_run(
        self,
        actor: Actor,
        extension_id: str,
        event_id: str,
        version: str | None = None,
        *,
        allow_unsigned: bool = False,
    ) -> Trial:
        """Run an event against a version, the installed one for None, and change nothing.

        Raises NotInstalled, NotFound, ScopeMissing (also where the extension may read what the
        actor may not: the answer shows it), InSafeMode, InstallFailed, VersionStopped,
        HostUnavailable, ExtensionBusy.
        """
        require(actor, MANAGE)
        with self._works.read(actor) as work:
            find(work, extension_id)
            event = work.get(OutboxEvent, event_id, "event").stored()
        if self._safe():
            raise InSafeMode("nothing can be tried")
        found = find_candidate(
            self._kit, actor, extension_id, version, allow_unsigned=allow_unsigned
        )
        for scope in sorted(found.granted):
            if scope.startswith("read:"):
                require(actor, scope)
        return self._trials.run(found, event)

    def again(self, actor: Actor, extension_id: str, event_id: str) -> Queued:
        """Queue one more delivery of an event to what is installed.

        Raises NotInstalled, NotFound, Conflict where it would not get it.
        """
        with self._works.write(actor) as work:
            work.require(MANAGE)
            row = find(work, extension_id)
            event = work.get(OutboxEvent, event_id, "event")
            if not row.enabled:
                raise Conflict(f"{extension_id} is switched off. Enable it, then repeat.")
            if not wants_event(present(row), event.type):
                raise Conflict(
                    f"{extension_id} {row.version} does not get {event.type}: its manifest does "
                    "not ask for it, or it may not read such records."
                )
            job = deliver_again(work, event, self._sink, row.id)
            told = {"event": event.id, "type": event.type, "job": job.id}
            work.audit("extension.event_replayed", extension_id, told)
            return Queued(job_id=job.id, event_id=event.id, attempt=job.attempts + 1)

    def recent(self, actor: Actor, extension_id: str) -> list[dict[str, Any]]:
        """Give the last events that the installed version gets, the newest first."""
        with self._works.read(actor) as work:
            work.require(MANAGE)
            asking = present(find(work, extension_id))
            rows = work.session.scalars(
                select(OutboxEvent)
                .where(OutboxEvent.position.is_not(None))
                .order_by(OutboxEvent.position.desc())
                .limit(_LOOKED_AT)
            ).all()
        wanted = [row for row in rows if wants_event(asking, row.type)]
        return [_shape(row) for row in wanted[:MOST_RECENT]]

    def versions(self, actor: Actor, extension_id: str) -> Sequence[str]:
        """Name the versions that have run here, the installed one first."""
        with self._works.read(actor) as work:
            work.require(MANAGE)
            row = find(work, extension_id)
            found = (manifest_of(row).version, *(one.version for one in history(work, row.id)))
        return tuple(dict.fromkeys(found))


def _shape(row: OutboxEvent) -> dict[str, Any]:
    return {
        "id": row.id,
        "type": row.type,
        "object_id": row.object_id,
        "timestamp": format_instant(row.occurred_at),
    }
