"""Events: what `on_event` is given, and `app.events`, which announces those of an extension."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

MAX_EVENT_BYTES: Final = 64 * 1024
MAX_OBJECT_ID: Final = 40
EVENTS_AT_ONCE: Final = 100
EVENTS_PER_SECOND: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One committed change, delivered at least once: remember `id` where twice would hurt.

    `data` is the record in the shape of the REST API; events of the kind "updated" add
    `changed_fields`. `timestamp` is aware and in UTC. `attempt` counts from 1. `object_version`
    is the record's version after the change: an older one that arrives late can be told by it.
    What another extension announces has the data that its manifest says, and `object_version` 1.
    """

    id: str
    type: str
    schema_version: int
    object_version: int
    timestamp: datetime
    workspace_id: str
    data: Mapping[str, Any]
    attempt: int = 1

    @property
    def again(self) -> bool:
        """Whether this handler may have seen the event before, in whole or in part."""
        return self.attempt > 1


class EventsDoor(Protocol):
    """The events that this extension announces in the current workspace.

    No scope is needed: the manifest names them under `event_types`. Everybody in the workspace may
    read them, and every extension may be told of them, so leave out of `data` what needs a
    permission to be read; ids of records are enough. An extension is not told of its own.
    """

    def emit(self, name: str, data: Mapping[str, Any], *, object_id: str | None = None) -> str:
        """Announce that something happened, at once and by itself; give the event's id.

        `name` is one of `event_types` and `data` fits its schema, in at most 64 KiB of JSON.
        `object_id`, up to 40 printable characters, names what it happened to: the events of one
        object come in their order. Raises `Invalid`; `Unavailable` beyond 100 events at once and
        20 a second in each process; `NotFound` where the extension was uninstalled meanwhile.
        """
