"""/api/mail-templates for programs."""

from flask import Blueprint, Response, request

from geminicrm.api.http import json_body, no_content, respond, respond_page
from geminicrm.identity.guards import needs, reading, writing
from geminicrm.kernel.paging import Page
from geminicrm.mail.doors_needed import MailNeeds
from geminicrm.mail.listing import list_templates
from geminicrm.mail.shapes import read_template
from geminicrm.mail.templating import (
    delete_template,
    find_template,
    save_template,
    shape_template,
)
from geminicrm.mail.writing import SEND

_CREATED = 201


def blueprint(needed: MailNeeds) -> Blueprint:
    """Serve templates: list, make, read, change, delete."""
    api = Blueprint("mail_templates_api", __name__, url_prefix="/api/mail-templates")

    @api.get("")
    @needs(SEND)
    def list_all() -> Response:
        page = Page.parse(request.args.get("limit"), request.args.get("cursor"))
        with reading() as work:
            found = list_templates(work, page)
        return respond_page(found.data, found.next_cursor)

    @api.post("")
    @needs(SEND)
    def create() -> Response:
        given = read_template(json_body())
        with writing() as work:
            row = save_template(work, given, needed.records.fields())
            return respond(shape_template(row), _CREATED)

    @api.get("/<template_id>")
    @needs(SEND)
    def read_one(template_id: str) -> Response:
        with reading() as work:
            return respond(shape_template(find_template(work, template_id)))

    @api.patch("/<template_id>")
    @needs(SEND)
    def change(template_id: str) -> Response:
        changes = read_template(json_body())
        with writing() as work:
            before = shape_template(find_template(work, template_id))
            given = {**before, **changes}
            row = save_template(work, given, needed.records.fields(), template_id)
            return respond(shape_template(row))

    @api.delete("/<template_id>")
    @needs(SEND)
    def delete(template_id: str) -> Response:
        with writing() as work:
            delete_template(work, template_id)
        return no_content()

    return api
