"""/api/hooks for programs: REST hooks."""

from flask import Blueprint, Response

from geminicrm.api.http import json_body, no_content, respond
from geminicrm.identity.guards import current_actor, needs
from geminicrm.webhooks.outgoing.asking import HookInput, expiry_of, read
from geminicrm.webhooks.outgoing.assembly import Outgoing
from geminicrm.webhooks.outgoing.book import MANAGE

_CREATED = 201


def blueprint(room: Outgoing) -> Blueprint:
    """Serve subscribing, unsubscribing, and samples."""
    api = Blueprint("hooks_api", __name__, url_prefix="/api/hooks")

    @api.post("")
    @needs(MANAGE)
    def subscribe() -> Response:
        given = read(HookInput, json_body())
        made = room.hooks.subscribe(
            current_actor(), given.target_url, given.event, expiry_of(given)
        )
        hook = {
            "id": made.endpoint["id"],
            "target_url": made.endpoint["url"],
            "event": given.event,
            "expiration_date": made.endpoint["expires_at"],
            "created_at": made.endpoint["created_at"],
            "secret": made.secret,
        }
        return respond(hook, _CREATED, {"Cache-Control": "no-store"})

    @api.delete("/<hook_id>")
    @needs(MANAGE)
    def unsubscribe(hook_id: str) -> Response:
        room.hooks.unsubscribe(current_actor(), hook_id)
        return no_content()

    @api.get("/samples/<event>")
    def samples(event: str) -> Response:
        return respond(room.hooks.samples(current_actor(), event))

    return api
