"""What of an event is sent to an endpoint, and how: pure functions, none of which raises.

An event whose shaped form is larger than `MOST_BYTES` is sent thin: with its `id`, `type`,
`object_version`, `timestamp` and `workspace_id`, the `object_id`, and `error` saying why. So one
endpoint's template holds up nobody, and no event is lost silently.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

import orjson

from geminicrm.kernel.errors import Finding
from geminicrm.webhooks.outgoing.filters import passes, wrong_filter
from geminicrm.webhooks.outgoing.mappings import mapped, wrong_mapping
from geminicrm.webhooks.outgoing.templates import TooLarge, fill, wrong_template

Shape = Mapping[str, Any] | None
"""An endpoint's `filter`, `mapping` and `template`, and the `key` of what these make of an event.

None: every event, as it is.
"""
MOST_BYTES: Final = 256 * 1024
"""What a mapping or a template makes of an event may be so large."""
_THIN: Final = ("id", "type", "object_version", "timestamp", "workspace_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shaping:
    """What somebody wants of events: `filter`, and one of `mapping` and `template`, or neither."""

    filter: Sequence[Mapping[str, Any]] | None = None
    mapping: Mapping[str, Any] | None = None
    template: str | None = None

    @classmethod
    def of(cls, shape: Shape) -> "Shaping":
        """Read it back from an endpoint's row."""
        given = shape or {}
        return cls(
            filter=given.get("filter"),
            mapping=given.get("mapping"),
            template=given.get("template"),
        )

    def stored(self) -> dict[str, Any] | None:
        """Give it as an endpoint's row keeps it."""
        parts = {"filter": self.filter, "mapping": self.mapping, "template": self.template}
        kept = {name: part for name, part in parts.items() if part}
        form = {name: part for name, part in kept.items() if name != "filter"}
        if form:
            # Of what changes the bytes alone: endpoints that differ by their filter share them.
            written = orjson.dumps(form, option=orjson.OPT_SORT_KEYS)
            kept["key"] = sha256(written).hexdigest()
        return kept or None

    def findings(self, samples: list[Mapping[str, Any]]) -> list[Finding]:
        """Say what is wrong with it, tried on a sample of each type that is subscribed to."""
        found = []
        if self.filter:
            found += wrong_filter(self.filter, samples)
        if self.mapping:
            found += wrong_mapping(self.mapping, samples)
        if self.template:
            found += wrong_template(self.template, samples)
        if self.mapping and self.template:
            message = "Give a mapping or a template: a template can do what a mapping does."
            found.append(Finding("/template", "not_both", message))
        return found or self._too_large(samples)

    def _too_large(self, samples: list[Mapping[str, Any]]) -> list[Finding]:
        shape = self.stored()
        large = [one["type"] for one in samples if _shaped(shape, one) is None]
        pointer = "/template" if self.template else "/mapping"
        return [
            Finding(pointer, "too_large", f"A sample of {name} becomes more than {MOST_BYTES} "
                    "bytes. Send less of it.")
            for name in large
        ]  # fmt: skip


def key_of(shape: Shape) -> str:
    """Tell shapes apart that give different bytes; empty for the event as it is."""
    return "" if not shape else str(shape.get("key", ""))


def wanted(shape: Shape, event: Mapping[str, Any]) -> bool:
    """Tell whether an endpoint's filter lets an event through, which is as it leaves the house."""
    return not shape or passes(shape.get("filter") or (), event)


def render(shape: Shape, event: Mapping[str, Any]) -> bytes:
    """Give the bytes that are sent of an event, which is in the shape that leaves the house."""
    shaped = _shaped(shape, event)
    return _thin(event) if shaped is None else shaped


def _shaped(shape: Shape, event: Mapping[str, Any]) -> bytes | None:
    """Give the bytes, None where they are too many."""
    if not key_of(shape) or shape is None:
        return orjson.dumps(event)
    try:
        if shape.get("template"):
            return fill(shape["template"], event, MOST_BYTES)
        written = orjson.dumps(mapped(shape["mapping"], event))
    except TooLarge:
        return None
    return written if len(written) <= MOST_BYTES else None


def _thin(event: Mapping[str, Any]) -> bytes:
    told = {name: event.get(name) for name in _THIN}
    message = (
        f"What the endpoint's shape makes of this event is larger than {MOST_BYTES} bytes. "
        "Read the record, or send less of it."
    )
    error = {"code": "too_large", "message": message}
    return orjson.dumps({**told, "object_id": event["data"].get("id"), "error": error})
