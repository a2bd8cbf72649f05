"""Who wants which events, in memory, never older than the generation of webhooks."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select

from geminicrm.kernel.events import matches
from geminicrm.kernel.generation import WEBHOOKS, Generations
from geminicrm.kernel.work import Works
from geminicrm.webhooks.outgoing.models import ACTIVE, DELETED, Endpoint
from geminicrm.webhooks.outgoing.shaping import key_of

_NOBODY: Final = ()


@dataclass(frozen=True, slots=True)
class Listening:
    """An endpoint that is told of events.

    `sends` is False for one that is paused or disabled: what it misses is written down.
    """

    id: str
    events: tuple[str, ...]
    shape: Mapping[str, Any] | None
    shape_key: str
    sends: bool


class EndpointTable:
    """Reads the endpoints of a workspace when first asked for, and after each change."""

    def __init__(self, works: Works, generations: Generations) -> None:
        self._works = works
        self._generations = generations
        self._lock = threading.Lock()
        self._seen = -1
        self._endpoints: dict[str, tuple[Listening, ...]] = {}
        self._wanting: dict[tuple[str, str], Sequence[Listening]] = {}

    def wanting(self, workspace_id: str, event_type: str) -> Sequence[Listening]:
        """Give the endpoints of a workspace that subscribe to a type, the oldest first."""
        generation = self._generations.get(WEBHOOKS)
        with self._lock:
            if generation != self._seen:
                self._endpoints, self._wanting, self._seen = {}, {}, generation
            endpoints, wanting = self._endpoints, self._wanting
        # A dictionary that was replaced meanwhile takes what is old with it.
        if workspace_id not in endpoints:
            endpoints[workspace_id] = self._read(workspace_id)
        if not endpoints[workspace_id]:
            return _NOBODY
        key = (workspace_id, event_type)
        if key not in wanting:
            wanting[key] = tuple(
                one
                for one in endpoints[workspace_id]
                if any(matches(pattern, event_type) for pattern in one.events)
            )
        return wanting[key]

    def _read(self, workspace_id: str) -> tuple[Listening, ...]:
        with self._works.across_workspaces("webhooks: who wants to be told") as work:
            rows = work.session.execute(
                select(Endpoint.id, Endpoint.events, Endpoint.shape, Endpoint.state)
                .where(Endpoint.workspace_id == workspace_id, Endpoint.state != DELETED)
                .order_by(Endpoint.id)
            )
            return tuple(
                Listening(
                    row.id, tuple(row.events), row.shape, key_of(row.shape), row.state == ACTIVE
                )
                for row in rows
            )
