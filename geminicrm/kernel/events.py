"""Events: what happened, in the past tense, stored in the transaction that made it happen."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from geminicrm.kernel.clock import format_instant


@dataclass(frozen=True, kw_only=True)
class Event:
    """One thing that happened to one object; subclasses set `type`.

    `data` is JSON-shaped; `object_version` lets a receiver drop what it has seen newer.
    """

    type: ClassVar[str]
    schema_version: ClassVar[int] = 1

    object_id: str
    object_version: int
    data: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """One thing that happened elsewhere than in the core, which has no class for its type."""

    type: str
    object_id: str
    data: dict[str, Any]
    object_version: int = 1
    schema_version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class EventType:
    """A type of event as the catalogue has it.

    `data` is the JSON Schema (2020-12) of an event's data, `sample` such data; `scope` is what one
    must hold to be told, None where everybody in the workspace is. `versioned` tells whether the
    data's `version` is the `object_version` of the event, which is always 1 otherwise.
    """

    type: str
    description: str
    scope: str | None
    data: Mapping[str, Any]
    sample: Mapping[str, Any]
    schema_version: int = 1
    versioned: bool = True


@dataclass(frozen=True, kw_only=True)
class StoredEvent:
    """An event as it lies in the outbox; `position` rises in the order events are handed out."""

    id: str
    type: str
    schema_version: int
    object_id: str
    object_version: int
    timestamp: datetime
    workspace_id: str
    data: dict[str, Any]
    position: int | None = None

    def body(self) -> dict[str, Any]:
        """Give the members that leave the house: feeds, webhooks, handlers."""
        return {
            "id": self.id,
            "type": self.type,
            "schema_version": self.schema_version,
            "object_version": self.object_version,
            "timestamp": format_instant(self.timestamp),
            "workspace_id": self.workspace_id,
            "data": self.data,
        }


def matches(pattern: str, event_type: str) -> bool:
    """Tell whether `lead.created`, `lead.*` or `*` names this event type."""
    if pattern == "*":
        return True
    if pattern.endswith(".*"):
        return event_type.startswith(pattern[:-1])
    return pattern == event_type
