"""What can be filtered by: facts that are read off a manifest."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

ADDS: Final = ("widget", "panel", "action", "page", "webhook", "schedule")
LEVELS: Final = ("nothing", "reads", "changes", "sends")
README_CHARACTERS: Final = 4_000  # the beginning says what it is; the rest would drown it
_UI: Final = {
    "widget": "dashboard_widgets",
    "panel": "record_panels",
    "action": "record_actions",
    "page": "pages",
}
_NOTHING, _READS, _CHANGES, _SENDS = range(4)
_READING = "read:"


def adds_of(manifest: Mapping[str, Any]) -> int:
    """Give the kinds of things it adds, a bit for each in the order of `ADDS`."""
    ui = manifest.get("ui") or {}
    there = {kind: bool(ui.get(member)) for kind, member in _UI.items()}
    there["webhook"] = bool(manifest.get("inbound_webhooks"))
    there["schedule"] = bool(manifest.get("schedules"))
    return sum(1 << place for place, kind in enumerate(ADDS) if there[kind])


def added_kinds(adds: int) -> tuple[str, ...]:
    """Read the bits back."""
    return tuple(kind for place, kind in enumerate(ADDS) if adds >> place & 1)


def level_of(manifest: Mapping[str, Any]) -> int:
    """Tell how far it reaches at most, optional permissions included: a place in `LEVELS`."""
    if manifest.get("network"):
        return _SENDS
    scopes: Sequence[str] = [
        *manifest.get("permissions", ()),
        *manifest.get("optional_permissions", ()),
    ]
    if any(not scope.startswith(_READING) for scope in scopes):
        return _CHANGES
    return _READS if scopes or manifest.get("events") else _NOTHING


def required_core(manifest: Mapping[str, Any]) -> str | None:
    """Give the range of the CRM's versions that it works with; None for any."""
    wanted = (manifest.get("requires") or {}).get("geminicrm")
    return str(wanted) if wanted else None
