"""/api/integrations/<id>/sync for programs."""

from flask import Blueprint, Response, request

from geminicrm.api.http import json_body, respond, respond_page
from geminicrm.identity.guards import needs, reading, writing
from geminicrm.kernel.paging import Page
from geminicrm.syncing import status
from geminicrm.syncing.choosing import MANAGE, READ, Choosing
from geminicrm.syncing.shapes import read_choice

_ACCEPTED = 202


def blueprint(choosing: Choosing) -> Blueprint:
    """Serve what was chosen, how it is, what failed, and a run at once."""
    api = Blueprint("syncing_api", __name__, url_prefix="/api/integrations/<connection_id>/sync")

    @api.get("")
    @needs(READ)
    def one(connection_id: str) -> Response:
        with reading() as work:
            choosing.place(work, connection_id)
            return respond(status.state(work, connection_id))

    @api.put("")
    @needs(MANAGE)
    def change(connection_id: str) -> Response:
        choice = read_choice(json_body())
        with writing() as work:
            choosing.change(work, connection_id, choice)
            work.session.flush()
            return respond(status.state(work, connection_id))

    @api.post("/run")
    @needs(MANAGE)
    def run(connection_id: str) -> Response:
        with writing() as work:
            job_id = choosing.run(work, connection_id)
        return respond({"job_id": job_id}, _ACCEPTED)

    @api.get("/failed")
    @needs(READ)
    def failed(connection_id: str) -> Response:
        page = Page.parse(request.args.get("limit"), request.args.get("cursor"))
        with reading() as work:
            choosing.place(work, connection_id)
            found, cursor = status.failed(work, connection_id, page)
        return respond_page(found, cursor)

    @api.post("/failed/<link_id>")
    @needs(MANAGE)
    def again(connection_id: str, link_id: str) -> Response:
        with writing() as work:
            choosing.again(work, connection_id, link_id)
        return respond({"id": link_id}, _ACCEPTED)

    return api
