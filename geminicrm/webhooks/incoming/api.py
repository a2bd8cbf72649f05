"""/api/webhook-receipts for programs."""

from flask import Blueprint, Response, request

from geminicrm.api.http import json_body, respond, respond_page
from geminicrm.identity.guards import needs, reading, writing
from geminicrm.kernel.errors import Finding, ValidationFailed
from geminicrm.webhooks.incoming.listing import MANAGE, READ, Question, find, items_of, receipts
from geminicrm.webhooks.incoming.replaying import ALL, WHICH, reprocess
from geminicrm.webhooks.incoming.shapes import shape, whole


def blueprint() -> Blueprint:
    """Serve what came in: list, read, work on again."""
    api = Blueprint("webhook_receipts_api", __name__, url_prefix="/api/webhook-receipts")

    @api.get("")
    @needs(READ)
    def list_all() -> Response:
        with reading() as work:
            found = receipts(work, Question.parse(request.args))
            data = [shape(row, found.states[row.id]) for row in found.rows]
        return respond_page(data, found.next_cursor)

    @api.get("/<received_id>")
    @needs(READ)
    def read_one(received_id: str) -> Response:
        return _answer(received_id)

    @api.post("/<received_id>/reprocess")
    @needs(MANAGE)
    def again(received_id: str) -> Response:
        which = _which()
        with writing() as work:
            reprocess(work, received_id, which)
        return _answer(received_id)

    return api


def _which() -> str:
    """Read which events are meant: all without a body, else {"events": "failed"}."""
    which = json_body().get("events", ALL) if request.content_length else ALL
    if which not in WHICH:
        raise ValidationFailed([Finding("/events", "unknown_value", f"Use {' or '.join(WHICH)}.")])
    return str(which)


def _answer(received_id: str) -> Response:
    with reading() as work:
        row = find(work, received_id)
        return respond(whole(row, items_of(work, row)))
