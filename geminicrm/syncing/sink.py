"""The relay's sink for syncing: records that change here are marked for whoever syncs them."""

import threading
from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import select

from geminicrm.identity.actor import SystemActor
from geminicrm.kernel.events import StoredEvent
from geminicrm.kernel.generation import SYNCING, Generations
from geminicrm.kernel.work import Works
from geminicrm.syncing import dirty
from geminicrm.syncing.choosing import ask, find
from geminicrm.syncing.models import INWARD, KINDS, SyncSettings

_ACTIONS: Final = frozenset({"created", "updated", "deleted"})
_SECONDS: Final = 10
_Wants = Mapping[tuple[str, str], Sequence[str]]


class SyncSink:
    """Implements the relay's Sink; a target is a connection's id."""

    name = "sync"
    ordered = False
    seconds = _SECONDS

    def __init__(self, works: Works, generations: Generations) -> None:
        self._works = works
        self._generations = generations
        self._lock = threading.Lock()
        self._seen = -1
        self._wants: _Wants = {}

    def targets(self, event: StoredEvent) -> Sequence[str]:
        """Name the connections that sync such records; from memory."""
        kind, _, action = event.type.partition(".")
        if kind not in KINDS or action not in _ACTIONS:
            return ()
        return self._known().get((event.workspace_id, kind), ())

    def deliver(self, target: str, event: StoredEvent, attempt: int) -> None:  # noqa: ARG002 - twice is the same
        """Mark the record, and have it looked at."""
        kind = event.type.partition(".")[0]
        with self._works.write(SystemActor(event.workspace_id)) as work:
            row = find(work, target)
            if row is not None and row.enabled and kind in row.kinds:
                dirty.mark(work, target, kind, [event.object_id])
                ask(work, target)

    def _known(self) -> _Wants:
        generation = self._generations.get(SYNCING)
        with self._lock:
            if generation != self._seen:
                self._wants, self._seen = self._read(), generation
            return self._wants

    def _read(self) -> _Wants:
        found: dict[tuple[str, str], list[str]] = {}
        with self._works.across_workspaces("sync: who wants to hear of changes") as work:
            query = select(SyncSettings).where(
                SyncSettings.enabled, SyncSettings.direction != INWARD
            )
            for row in work.session.scalars(query.order_by(SyncSettings.id)):
                for kind in row.kinds:
                    found.setdefault((row.workspace_id, kind), []).append(row.connection_id)
        return found
