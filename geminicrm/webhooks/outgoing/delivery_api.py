"""/api/webhook-deliveries for programs."""

from dataclasses import asdict

from flask import Blueprint, Response, request

from geminicrm.api.http import json_body, respond, respond_page
from geminicrm.identity.guards import current_actor, needs
from geminicrm.webhooks.outgoing.asking import RecoveryInput, SelectionInput, read, recovery_of
from geminicrm.webhooks.outgoing.assembly import Outgoing
from geminicrm.webhooks.outgoing.book import MANAGE, READ
from geminicrm.webhooks.outgoing.questions import DeliveryQuestion

_ACCEPTED = 202


def blueprint(room: Outgoing) -> Blueprint:
    """Serve the log of deliveries, and replays."""
    api = Blueprint("webhook_deliveries_api", __name__, url_prefix="/api/webhook-deliveries")
    _serve_log(api, room)
    _serve_replays(api, room)
    return api


def _serve_log(api: Blueprint, room: Outgoing) -> None:
    @api.get("")
    @needs(READ)
    def list_deliveries() -> Response:
        page = room.deliveries.page(current_actor(), DeliveryQuestion.parse(request.args))
        return respond_page(page.data, page.next_cursor)

    @api.get("/<delivery_id>")
    @needs(READ)
    def one(delivery_id: str) -> Response:
        return respond(room.deliveries.get(current_actor(), delivery_id))


def _serve_replays(api: Blueprint, room: Outgoing) -> None:
    @api.post("/<delivery_id>/replay")
    @needs(MANAGE)
    def replay(delivery_id: str) -> Response:
        return respond(room.replays.one(current_actor(), delivery_id), _ACCEPTED)

    @api.post("/replay")
    @needs(MANAGE)
    def replay_some() -> Response:
        given = read(SelectionInput, json_body())
        return respond(asdict(room.replays.selected(current_actor(), given.ids)), _ACCEPTED)

    @api.post("/recover")
    @needs(MANAGE)
    def recover() -> Response:
        given = read(RecoveryInput, json_body())
        recovery = recovery_of(given)
        if given.dry_run:
            return respond({"deliveries": room.replays.count(current_actor(), recovery)})
        return respond(asdict(room.replays.recover(current_actor(), recovery)), _ACCEPTED)
