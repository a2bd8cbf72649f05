"""The REST door to one kind of record."""

from flask import Blueprint, Response, request

from geminicrm.api.http import (
    etag,
    if_match,
    json_body,
    no_content,
    not_modified,
    respond,
    respond_page,
)
from geminicrm.crm.shared.commands import RecordCommands
from geminicrm.crm.shared.listing import NEWEST, ListQuery
from geminicrm.crm.shared.spec import Rest
from geminicrm.identity.guards import current_actor
from geminicrm.kernel.paging import Page

_PAGING = ("limit", "cursor", "sort", "q")


def record_blueprint(commands: RecordCommands) -> Blueprint:
    """Give GET list, POST, and GET, PATCH, DELETE one, under `/api/<noun>`."""
    noun = commands.spec.noun
    blueprint = Blueprint(f"api_{noun}", __name__, url_prefix=f"/api/{noun}")

    @blueprint.get("")
    def list_records() -> Response:
        page = commands.list(current_actor(), list_query())
        return respond_page(page.data, page.next_cursor)

    @blueprint.post("")
    def create_record() -> Response:
        record = commands.create(current_actor(), json_body())
        return answer(record, 201, location=f"/api/{noun}/{record['id']}")

    @blueprint.get("/<identifier>")
    def get_record(identifier: str) -> Response:
        return answer(commands.get(current_actor(), identifier))

    @blueprint.patch("/<identifier>")
    def update_record(identifier: str) -> Response:
        return answer(commands.update(current_actor(), identifier, json_body(), if_match()))

    @blueprint.delete("/<identifier>")
    def delete_record(identifier: str) -> Response:
        commands.delete(current_actor(), identifier, if_match())
        return no_content()

    return blueprint


def answer(record: Rest, status: int = 200, location: str | None = None) -> Response:
    """Answer with a record and its entity tag, or 304 to a reader who has this version."""
    tag = etag(record["version"])
    if request.method == "GET" and not_modified(record["version"]):
        return Response(status=304, headers={"ETag": tag})
    headers = {"ETag": tag}
    if location:
        headers["Location"] = location
    return respond(record, status, headers)


def list_query() -> ListQuery:
    """Read the query string of a list; parameters that are not of paging are filters."""
    arguments = request.args
    page = Page.parse(arguments.get("limit"), arguments.get("cursor"))
    filters = {name: value for name, value in arguments.items() if name not in _PAGING}
    return ListQuery(
        limit=page.limit,
        cursor=page.cursor,
        filters=filters,
        sort=arguments.get("sort", NEWEST),
        search=arguments.get("q"),
    )
