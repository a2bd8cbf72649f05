"""What extensions add to pages, as the pages ask for it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from extensions.sdk.actions import ActionResult
from geminicrm.kernel.work import Actor

RecordReader = Callable[[Actor, str, str], Mapping[str, Any]]
"""Gives the record of a type (`lead`) and an id as the REST API shows it. Raises NotFound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One panel or widget: its checked blocks, or why there are none."""

    extension_id: str
    extension_name: str
    id: str
    title: str
    blocks: Sequence[Mapping[str, Any]] = ()
    error: str | None = None


class Contributions(Protocol):
    """The side of the runtime that asks extensions; a failing one only fails its own card."""

    def panels(self, actor: Actor, record_type: str, record: Mapping[str, Any]) -> Sequence[Card]:
        """Give the panels of a record's page."""
        ...

    def widgets(self, actor: Actor) -> Sequence[Card]:
        """Give the widgets of the dashboard."""
        ...

    def settings_panel(self, actor: Actor, extension_id: str) -> Card | None:
        """Give what an extension shows beside its settings; None for nothing."""
        ...

    def action(self, actor: Actor, extension_id: str, wanted: "WantedAction") -> ActionResult:
        """Have an extension do what a button or form asks for. Raises an AppError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedAction:
    """A button that was pressed or a form that was sent, and the record it stood with."""

    action: str
    values: Mapping[str, str]
    record_type: str | None = None
    record_id: str | None = None
