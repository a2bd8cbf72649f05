"""The web application around a life cycle with fakes, and what extensions would show in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from extensions.sdk.actions import ActionResult
from geminicrm.app import create_app
from geminicrm.identity.people import create_user
from geminicrm.kernel.work import Actor
from geminicrm.runtime.hooks import Panel
from geminicrm.runtime.models import Installation
from tests.support.core import PASSWORD, Tenant, sign_in
from tests.support.life import HELLO, Life


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


PAGE = f"/installed/{HELLO}"
CONSENT = f"/marketplace/{HELLO}/install"
SETTINGS = [
    {"id": "greeting", "type": "text", "label": "Greeting", "default": "Hi", "placeholder": "Yo"},
    {"id": "api_key", "type": "password", "label": "API key", "required": True},
    {"id": "pin", "type": "password", "label": "PIN"},
    {"id": "times", "type": "integer", "label": "Times", "description": "How often."},
    {"id": "share", "type": "number", "label": "Share"},
    {"id": "loud", "type": "boolean", "label": "Loud", "default": True},
    {"id": "tone", "type": "select", "label": "Tone", "options": ["warm", "cold"]},
    {"id": "kind", "type": "select", "label": "Kind", "required": True, "default": "a",
     "options": ["a", "b"]},
    {"id": "text", "type": "textarea", "label": "Text"},
]  # fmt: skip


class Browser:
    """Somebody signed in, who sends forms with the token that pages hand out."""

    def __init__(self, client: FlaskClient, tenant: Tenant) -> None:
        self.client = client
        self.token = sign_in(client, tenant)

    def get(self, path: str, status: int = 200) -> str:
        """Give a page."""
        answer = self.client.get(path)
        assert answer.status_code == status, answer.text
        return answer.text

    def post(self, path: str, status: int = 302, **form: Any) -> Any:
        """Send a form."""
        answer = self.client.post(path, data={"csrf_token": self.token, **form})
        assert answer.status_code == status, answer.text
        return answer


def member(life: Life, app: Flask, tenant: Tenant) -> Browser:
    """Sign a member in, who manages nothing."""
    with life.core.works.across_workspaces("a member for a test", write=True) as work:
        create_user(work, tenant.id, "member@north.example", "member", PASSWORD)
    return Browser(app.test_client(), Tenant(tenant.id, "", "member@north.example", tenant.token))


def owner(life: Life) -> Any:
    """Give the owner of the workspace that has something installed."""
    with life.core.works.across_workspaces("who") as work:
        workspace = work.session.scalars(select(Installation.workspace_id)).first()
    return Tenant(workspace or "", "", "", "").owner()
