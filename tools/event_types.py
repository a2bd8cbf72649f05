"""Writes docs/event-types.md from the catalogue: `python -m tools.event_types`."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from geminicrm.core import event_types
from geminicrm.events.catalogue import Catalogue, sample_of
from geminicrm.kernel.events import EventType

PAGE = Path(__file__).resolve().parent.parent / "docs" / "event-types.md"
_HEAD = """# Event types

Every type of event, with the members of its `data` and a sample. `GET /api/event-types` gives the
same, with the JSON Schema of each; this page is written from it by `python -m tools.event_types`.
What events are for, and how often they come, is in [events.md](events.md).

More members may come at any time: leave alone what you don't know. What would break a receiver is a
new type.
"""


def page() -> str:
    """Give the page."""
    parts = [_HEAD, *(_section(one) for one in Catalogue(event_types()).all())]
    return "\n".join(parts)


def _section(one: EventType) -> str:
    needs = f"Needs `{one.scope}`." if one.scope else "Everybody in the workspace may read it."
    sample = json.dumps(sample_of(one), indent=2, ensure_ascii=False)
    rows = "\n".join(f"| `{name}` | {kind} |" for name, kind in _members(one.data))
    return (
        f"## {one.type}\n\n{one.description} {needs}\n\n"
        f"| member of `data` | JSON |\n|---|---|\n{rows}\n\n```json\n{sample}\n```\n"
    )


def _members(schema: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    required = set(schema.get("required", ()))
    for name, member in schema["properties"].items():
        yield name, _kind(member) + ("" if name in required else ", may be missing")


def _kind(member: Mapping[str, Any]) -> str:
    if "anyOf" in member:
        return " or ".join(_kind(one) for one in member["anyOf"])
    if "const" in member:
        return f"`{member['const']}`"
    if "enum" in member:
        return " or ".join(f"`{one}`" for one in member["enum"])
    if "$ref" in member:
        return "object"
    if member["type"] == "array":
        return f"list of {_kind(member['items'])}s"
    return str(member["type"])


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
