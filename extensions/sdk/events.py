"""What `on_event` is given."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One committed change, delivered at least once: remember `id` where twice would hurt.

    `data` is the record in the shape of the REST API; events of the kind "updated" add
    `changed_fields`. `timestamp` is aware and in UTC. `attempt` counts from 1. `object_version`
    is the record's version after the change: an older one that arrives late can be told by it.
    """

    id: str
    type: str
    schema_version: int
    object_version: int
    timestamp: datetime
    workspace_id: str
    data: Mapping[str, Any]
    attempt: int = 1
