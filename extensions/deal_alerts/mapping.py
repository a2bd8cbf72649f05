"""From an event to what is sent, and whether it is sent at all."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from extensions.sdk.context import WorkspaceInfo
from extensions.sdk.events import Event

_WORDS = {"deal.won": "Won", "deal.lost": "Lost", "deal.stage_changed": "Moved"}


def is_wanted(event: Event, settings: Mapping[str, Any]) -> bool:
    """Tell whether the workspace wants an alert of this event.

    A deal that is won or lost moves to a closing stage as well: that move is no second alert.
    """
    if not settings[event.type.replace("deal.", "on_")]:
        return False
    if event.type == "deal.stage_changed" and event.data["status"] != "open":
        return False
    return Decimal(event.data["amount"] or 0) >= Decimal(str(settings["minimum_amount"]))


def headline(event: Event) -> str:
    """Say in one line what happened: `Won: Big deal (1200.00 EUR)`."""
    deal = event.data
    amount = f" ({deal['amount']} {deal['currency']})" if deal["amount"] else ""
    return f"{_WORDS[event.type]}: {deal['name']}{amount}"


def payload(event: Event, workspace: WorkspaceInfo) -> dict[str, Any]:
    """Give the body of an alert; `text` is what chat programs show of it."""
    return {
        "id": event.id,
        "type": event.type,
        "timestamp": event.timestamp.isoformat().replace("+00:00", "Z"),
        "workspace": {"id": workspace.id, "name": workspace.name},
        "text": headline(event),
        "deal": dict(event.data),
    }


def trial_payload(workspace: WorkspaceInfo) -> dict[str, Any]:
    """Give the body of a test alert."""
    return {
        "id": "test",
        "type": "test",
        "workspace": {"id": workspace.id, "name": workspace.name},
        "text": f"A test alert from {workspace.name}.",
    }
