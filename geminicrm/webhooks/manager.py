"""Webhooks in Python: register, look up and trigger without going through HTTP."""

from collections.abc import Mapping
from typing import Any, Final

from flask import Flask, current_app, has_app_context
from sqlalchemy import select

from geminicrm.identity.actor import SystemActor
from geminicrm.identity.models import Workspace
from geminicrm.webhooks.outgoing.assembly import Outgoing
from geminicrm.webhooks.outgoing.triggering import subscribed
from geminicrm.webhooks.outgoing.wishes import NewEndpoint

EXTENSION: Final = "geminicrm.webhooks"
_SHOWN: Final = ("id", "url", "description", "events", "state", "created_at")


class WebhookManager:
    """The operator's hand on outgoing webhooks, for scripts and the shell.

    Whoever can call this runs code in the CRM's own process, and so can do whatever the CRM can; it
    is written to the audit log as an act of the operator.

    `workspace` is an id or a slug; without it there must be exactly one workspace. `app` may be
    left out inside an application context. Raises RuntimeError where either can't be told.
    """

    def __init__(self, app: Flask | None = None, workspace: str | None = None) -> None:
        self._app = app
        self._workspace = workspace

    def register_webhook(self, event_type: str, url: str, secret: str = "") -> dict[str, Any]:
        """Have events of a type, or of a pattern such as `lead.*`, sent to an address.

        Gives the endpoint with its `secret`, which is not shown again. `secret` is `whsec_...`, any
        other text of up to 200 characters, which signs as it is, or empty: one is made. Raises
        ValidationFailed with every finding.
        """
        room = self._room()
        new = NewEndpoint(url=url, events=(event_type,), secret=secret, any_secret=True)
        made = room.endpoints.create(self._actor(room), new)
        return {**made.endpoint, "secret": made.secret}

    def get_webhooks_for_event(self, event_type: str) -> list[dict[str, Any]]:
        """Give the active endpoints that events of a type go to, the oldest first, no secrets."""
        room = self._room()
        with room.works.read(self._actor(room)) as work:
            rows = [row.id for row in subscribed(work, event_type, active=True)]
        shapes = [room.endpoints.get(self._actor(room), one) for one in rows]
        return [{name: one[name] for name in _SHOWN} for one in shapes]

    def trigger_webhook(self, event_type: str, payload: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Send an event with `payload` as its data to all endpoints that want it; give deliveries.

        The worker sends them. Nothing but endpoints is told, and the payload is the caller's own:
        it is not held against the schema of the type. Raises ValidationFailed for an unknown type
        or what is no JSON.
        """
        room = self._room()
        return room.triggers.trigger(self._actor(room), event_type, payload)

    def _room(self) -> Outgoing:
        app = self._app
        if app is None:
            if not has_app_context():
                raise RuntimeError(
                    "Which application? Give it as WebhookManager(app), or call this inside "
                    "`with app.app_context():`."
                )
            app = current_app
        return app.extensions[EXTENSION]  # type: ignore[no-any-return]  # Flask leaves it untyped

    def _actor(self, room: Outgoing) -> SystemActor:
        with room.works.across_workspaces("choose the operator's workspace") as work:
            rows = work.session.scalars(select(Workspace)).all()
        named = self._workspace
        chosen = [row.id for row in rows if named is None or named in {row.id, row.slug}]
        if len(chosen) != 1:
            known = ", ".join(sorted(row.slug for row in rows)) or "none yet"
            raise RuntimeError(f"Name one workspace; there are: {known}.")
        return SystemActor(chosen[0], label="Operator")
