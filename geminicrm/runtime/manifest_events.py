"""What the schema can't say of the events that a manifest announces."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, TypeAlias

from geminicrm.kernel.errors import Finding
from geminicrm.runtime.event_schema import data_findings, schema_findings
from geminicrm.runtime.manifest_model import event_kind
from geminicrm.runtime.strict_json import shorten

CORE_KINDS: Final = frozenset(
    {"activity", "company", "contact", "deal", "endpoint", "lead", "payment", "pipeline", "webhook"}
)
"""What the names of the core's own events begin with."""
_MOST_TYPES: Final = 20
_MOST_EVENTS: Final = 50
MAX_NAME: Final = 80
"""Characters of a type's whole name, as the outbox holds it."""
MAX_SCHEMA_BYTES: Final = 16 * 1024

_Data: TypeAlias = Mapping[str, Any]


def event_findings(data: _Data) -> list[Finding]:
    """Check `event_types`, and that `events` asks for none of them.

    As in `manifest_rules`, what has the wrong type is left to the schema.
    """
    extension_id, given = data.get("id"), data.get("event_types")
    if not isinstance(extension_id, str) or not isinstance(given, list) or not given:
        return []
    kind = event_kind(extension_id)
    types = [(f"/event_types/{at}", one) for at, one in enumerate(given[:_MOST_TYPES])]
    return [
        *_kind(kind),
        *_names(kind, types),
        *_own(kind, data.get("events")),
        *(found for pointer, one in types for found in _shape(pointer, one)),
    ]


def _kind(kind: str) -> Iterator[Finding]:
    if kind in CORE_KINDS:
        message = (
            f"The names of its own events would begin with {shorten(f'{kind}.')}, as those of the "
            "CRM do: give the extension another id, or leave event_types out."
        )
        yield Finding("/event_types", "reserved_name", message)


def _names(kind: str, types: Iterable[tuple[str, Any]]) -> Iterator[Finding]:
    seen = set()
    for pointer, one in types:
        name = one.get("name") if isinstance(one, dict) else None
        if not isinstance(name, str):
            continue
        if name in seen:
            message = f"The name {shorten(name)} is used twice in event_types: rename one."
            yield Finding(f"{pointer}/name", "repeated", message)
        seen.add(name)
        whole = f"{kind}.{name}"
        if len(whole) > MAX_NAME:
            message = (
                f"{shorten(whole, 120)} has {len(whole)} characters, and {MAX_NAME} are allowed: "
                "shorten the name."
            )
            yield Finding(f"{pointer}/name", "wrong_size", message)


def _own(kind: str, events: object) -> Iterator[Finding]:
    for at, one in enumerate(events[:_MOST_EVENTS] if isinstance(events, list) else ()):
        if isinstance(one, str) and one.startswith(f"{kind}."):
            message = f"{shorten(one)}: an extension is not told of its own events. Remove it."
            yield Finding(f"/events/{at}", "own_event", message)


def _shape(pointer: str, one: object) -> list[Finding]:
    schema = one.get("schema") if isinstance(one, dict) else None
    sample = one.get("sample") if isinstance(one, dict) else None
    if not isinstance(schema, dict):
        return []
    sized = [
        *large(f"{pointer}/schema", schema),
        *large(f"{pointer}/sample", sample),
    ]
    found = sized or schema_findings(schema, f"{pointer}/schema")
    if found or not isinstance(sample, dict):
        return found
    return data_findings(schema, sample, f"{pointer}/sample")


def large(pointer: str, value: object) -> Iterator[Finding]:
    """Refuse what of a manifest is too large to be applied again and again."""
    size = len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())
    if size > MAX_SCHEMA_BYTES:
        message = f"It has {size} bytes as JSON; {MAX_SCHEMA_BYTES} are allowed: make it smaller."
        yield Finding(pointer, "too_large", message)
