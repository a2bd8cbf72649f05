"""The catalogue: every type of event there is, with its schema and a sample, from one source."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from geminicrm.kernel.errors import NotFound
from geminicrm.kernel.events import EventType, matches
from geminicrm.kernel.work import Actor

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_TEXT: Final = {"type": "string"}
_SAMPLE: Final = {
    "id": "evt_1k0sq1m2v8y4n6z0a3c5e7g9j1",
    "timestamp": "2026-11-21T09:00:00.000000Z",
    "workspace_id": "ws_1k0sjz300rt6n10kvjts2p9v",
}


TypesOf = Callable[[str], Sequence[EventType]]
"""Gives the types that the extensions of a workspace announce now, by the workspace's id."""


class Catalogue:
    """The types that there are, by name; of two with one name the last counts."""

    def __init__(self, types: Iterable[EventType]) -> None:
        self._types = {one.type: one for one in sorted(types, key=lambda one: one.type)}

    def all(self) -> Sequence[EventType]:
        """Give every type, by name."""
        return tuple(self._types.values())

    def get(self, name: str) -> EventType:
        """Give one type. Raises NotFound."""
        try:
            return self._types[name]
        except KeyError:
            raise NotFound("event type", name) from None

    def known(self, pattern: str) -> bool:
        """Tell whether a pattern such as `lead.*` names any type."""
        return any(matches(pattern, name) for name in self._types)

    def readable(self, actor: Actor) -> Sequence[EventType]:
        """Give the types that an actor may be told of, by name."""
        return [one for one in self.all() if one.scope is None or actor.allows(one.scope)]

    def may_read(self, actor: Actor, name: str) -> bool:
        """Tell whether an actor may be told of a type; nobody is of one that there is not."""
        one = self._types.get(name)
        return one is not None and (one.scope is None or actor.allows(one.scope))


class Catalogues:
    """The types of each workspace: those of the core, and those of its extensions."""

    def __init__(self, types: Iterable[EventType], of_extensions: TypesOf) -> None:
        self.core = Catalogue(types)
        self._of_extensions = of_extensions

    def of(self, actor: Actor) -> Catalogue:
        """Give the types of the actor's workspace."""
        theirs = self._of_extensions(actor.workspace_id)
        return Catalogue((*theirs, *self.core.all())) if theirs else self.core

    def may_read(self, actor: Actor, name: str) -> bool:
        """Tell whether an actor may be told of a type of its workspace."""
        return self.of(actor).may_read(actor, name)


def shown(one: EventType) -> dict[str, Any]:
    """Give a type in the shape of the API: schema and sample are those of the whole event."""
    return {
        "type": one.type,
        "description": one.description,
        "scope": one.scope,
        "schema_version": one.schema_version,
        "schema": schema_of(one),
        "sample": sample_of(one),
    }


def schema_of(one: EventType) -> dict[str, Any]:
    """Give the JSON Schema of an event of a type."""
    data = dict(one.data)
    definitions = data.pop("$defs", None)
    schema = {
        "$schema": _DIALECT,
        "title": one.type,
        "description": one.description,
        "type": "object",
        "required": ["id", "type", "schema_version", "object_version", "timestamp",
                     "workspace_id", "data"],
        "properties": {
            "id": _TEXT,
            "type": {"const": one.type},
            "schema_version": {"const": one.schema_version},
            "object_version": {"type": "integer", "minimum": 1},
            "timestamp": {"type": "string", "format": "date-time"},
            "workspace_id": _TEXT,
            "data": data,
        },
    }  # fmt: skip
    return schema if definitions is None else {**schema, "$defs": definitions}


def sample_of(one: EventType) -> dict[str, Any]:
    """Give a sample event of a type."""
    data: Mapping[str, Any] = one.sample
    return {
        "id": _SAMPLE["id"],
        "type": one.type,
        "schema_version": one.schema_version,
        "object_version": data.get("version", 1) if one.versioned else 1,
        "timestamp": _SAMPLE["timestamp"],
        "workspace_id": _SAMPLE["workspace_id"],
        "data": dict(data),
    }
