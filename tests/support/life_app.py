"""The web application around a life cycle with fakes, and what extensions would show in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from flask import Flask

from extensions.sdk.actions import ActionResult
from geminicrm.app import create_app
from geminicrm.kernel.work import Actor
from geminicrm.runtime.hooks import Panel
from tests.support.life import Life


@dataclass
class FakeContributions:
    """Shows what it was given, and remembers the actions."""

    shown: list[Panel] = field(default_factory=list)
    beside_settings: Panel | None = None
    answer: ActionResult = field(default_factory=ActionResult)
    actions: list[tuple[str, str, dict[str, Any], tuple[str, str] | None]] = field(
        default_factory=list
    )

    def panels(self, actor: Actor, record_type: str, record: Mapping[str, Any]) -> Sequence[Panel]:
        """Give the panels."""
        assert record["id"].startswith(record_type)
        assert actor.workspace_id
        return self.shown

    def widgets(self, actor: Actor) -> Sequence[Panel]:
        """Give the widgets."""
        assert actor.workspace_id
        return self.shown

    def settings_panel(self, actor: Actor, extension_id: str) -> Panel | None:
        """Give what stands beside the settings."""
        assert actor.workspace_id
        assert extension_id
        return self.beside_settings

    def perform_action(
        self,
        actor: Actor,
        extension_id: str,
        action: str,
        values: Mapping[str, Any],
        record: tuple[str, str] | None = None,
    ) -> ActionResult:
        """Remember and answer."""
        assert actor.workspace_id
        self.actions.append((extension_id, action, dict(values), record))
        return self.answer


def life_app(life: Life, contributions: FakeContributions | None = None) -> Flask:
    """Make the application."""
    if contributions is not None:
        life.core.runtime.hooks = contributions  # type: ignore[assignment]  # the pages ask no more of it
    return create_app(core=replace(life.core, life_cycle=life.cycle))
