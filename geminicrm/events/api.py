"""/api/event-types and /api/events for programs."""

from flask import Blueprint, Response, request

from geminicrm.api.http import respond
from geminicrm.events.catalogue import Catalogues, shown
from geminicrm.events.feed import Feed, Question
from geminicrm.identity.guards import current_actor


def blueprint(catalogues: Catalogues, feed: Feed) -> Blueprint:
    """Serve the catalogue and the change feed."""
    api = Blueprint("events_api", __name__, url_prefix="/api")

    @api.get("/event-types")
    def list_types() -> Response:
        data = [shown(one) for one in catalogues.of(current_actor()).all()]
        return respond({"data": data, "next_cursor": None})

    @api.get("/event-types/<name>")
    def one_type(name: str) -> Response:
        return respond(shown(catalogues.of(current_actor()).get(name)))

    @api.get("/events")
    def read_feed() -> Response:
        given = request.args
        question = Question.parse(given.get("after"), given.get("limit"), given.get("types"))
        part = feed.read(current_actor(), question)
        return respond({"data": part.data, "next_after": part.next_after})

    return api
