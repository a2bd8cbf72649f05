"""What extensions add to pages, as the pages ask for it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from extensions.sdk.actions import ActionResult
from geminicrm.kernel.work import Actor
from geminicrm.runtime.hooks import Panel

RecordReader = Callable[[Actor, str, str], dict[str, Any]]
"""Gives the record of a type (`lead`) and an id as the REST API shows it. Raises NotFound."""


class Contributions(Protocol):
    """The side of the runtime that asks extensions; a failing one only fails its own panel."""

    def panels(self, actor: Actor, record_type: str, record: dict[str, Any]) -> Sequence[Panel]:
        """Give the panels of a record's page."""
        ...

    def widgets(self, actor: Actor) -> Sequence[Panel]:
        """Give the widgets of the dashboard."""
        ...

    def settings_panel(self, actor: Actor, extension_id: str) -> Panel | None:
        """Give what an extension shows beside its settings; None for nothing."""
        ...

    def perform_action(
        self,
        actor: Actor,
        extension_id: str,
        action: str,
        values: Mapping[str, Any],
        record: tuple[str, str] | None = None,
    ) -> ActionResult:
        """Have an extension do what a button or form asks for; `record` is its type and id.

        Raises an AppError that names the extension.
        """
        ...
