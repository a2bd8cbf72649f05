"""/api/integrations and /api/test-integration for programs."""

from typing import Any

from flask import Blueprint, Response, request

from geminicrm.api.http import (
    etag,
    if_match,
    json_body,
    no_content,
    respond,
    respond_page,
)
from geminicrm.connections.asking import changes_of, new_of
from geminicrm.connections.assembly import Connections
from geminicrm.connections.listing import Question, rows
from geminicrm.connections.models import Connection
from geminicrm.connections.shapes import Shaper
from geminicrm.identity.guards import current_actor, reading, writing
from geminicrm.kernel.work import Work


def blueprint(connections: Connections) -> Blueprint:
    """Serve lists, one connection with its changes, and its test."""
    api = Blueprint("integrations_api", __name__, url_prefix="/api")
    book = connections.book

    def shaped(work: Work, row: Connection) -> dict[str, Any]:
        return Shaper(book, work.workspace_id, work.now).shape(row)

    @api.get("/integrations")
    def list_integrations() -> Response:
        question = Question.parse(request.args)
        with reading() as work:
            shaper = Shaper(book, work.workspace_id, work.now)
            found, cursor = rows(work, question, shaper.services.values())
            shapes = [shaper.shape(one) for one in found if one.extension_id in shaper.services]
        return respond_page(shapes, cursor)

    @api.post("/integrations")
    def create() -> Response:
        new = new_of(json_body(), current_actor().user_id)
        with writing() as work:
            row = book.create(work, new)
            work.session.flush()
            shape = shaped(work, row)
        headers = {"Location": f"/api/integrations/{shape['id']}", **_tag(shape)}
        return respond(shape, 201, headers)

    @api.get("/integrations/<connection_id>")
    def one(connection_id: str) -> Response:
        with reading() as work:
            shape = shaped(work, book.get(work, connection_id))
        return respond(shape, headers=_tag(shape))

    @api.put("/integrations/<connection_id>")
    def change(connection_id: str) -> Response:
        changes = changes_of(json_body(), if_match())
        with writing() as work:
            row = book.change(work, connection_id, changes)
            work.session.flush()
            shape = shaped(work, row)
        return respond(shape, headers=_tag(shape))

    @api.delete("/integrations/<connection_id>")
    def end(connection_id: str) -> Response:
        warnings = connections.ending.end(current_actor(), connection_id)
        return respond({"id": connection_id, "warnings": warnings}) if warnings else no_content()

    @api.post("/test-integration/<connection_id>")
    def test(connection_id: str) -> Response:
        return respond(connections.testing.run(current_actor(), connection_id).to_dict())

    return api


def _tag(shape: dict[str, Any]) -> dict[str, str]:
    return {"ETag": etag(shape["version"])}
