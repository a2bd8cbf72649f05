"""What of an event is sent to an endpoint, and how: pure functions."""

from collections.abc import Mapping
from typing import Any

import orjson

Shape = Mapping[str, Any] | None
"""An endpoint's `filter`, `mapping` and `template`; None: every event, as it is."""


def key_of(shape: Shape) -> str:
    """Tell shapes apart that give different bytes; empty for the event as it is."""
    return "" if not shape else str(shape.get("key", ""))


def wanted(shape: Shape, event: Mapping[str, Any]) -> bool:  # noqa: ARG001 - filters come next
    """Tell whether an endpoint's filter lets an event through."""
    return True


def render(shape: Shape, event: Mapping[str, Any]) -> bytes:  # noqa: ARG001 - templates come next
    """Give the bytes that are sent of an event, which is in the shape that leaves the house."""
    return orjson.dumps(event)
