"""/api/webhook-endpoints for programs."""

from typing import Any

from flask import Blueprint, Response, request

from geminicrm.api.http import etag, if_match, json_body, no_content, respond, respond_page
from geminicrm.identity.guards import current_actor, needs
from geminicrm.webhooks.outgoing.asking import RotationInput, changes_of, new_of, read
from geminicrm.webhooks.outgoing.assembly import Outgoing
from geminicrm.webhooks.outgoing.book import MANAGE, READ
from geminicrm.webhooks.outgoing.questions import EndpointQuestion
from geminicrm.webhooks.outgoing.service import Created
from geminicrm.webhooks.outgoing.shapes import Shape

_PATH = "/api/webhook-endpoints"
_CREATED, _ACCEPTED = 201, 202


def blueprint(room: Outgoing) -> Blueprint:
    """Serve endpoints: list, make, read, change, end; rotate, try, pause, enable."""
    api = Blueprint("webhook_endpoints_api", __name__, url_prefix=_PATH)
    _serve_list(api, room)
    _serve_one(api, room)
    _serve_commands(api, room)
    return api


def optional_body() -> dict[str, Any]:
    """Read the request's JSON object; none is an empty one."""
    return json_body() if request.content_length or request.mimetype else {}


def _serve_list(api: Blueprint, room: Outgoing) -> None:
    @api.get("")
    @needs(READ)
    def list_endpoints() -> Response:
        page = room.endpoints.list(current_actor(), EndpointQuestion.parse(request.args))
        return respond_page(page.data, page.next_cursor)

    @api.post("")
    @needs(MANAGE)
    def create() -> Response:
        made = room.endpoints.create(current_actor(), new_of(json_body()))
        headers = {"Location": f"{_PATH}/{made.endpoint['id']}"}
        return _with_secret(made, _CREATED, headers)


def _serve_one(api: Blueprint, room: Outgoing) -> None:
    @api.get("/<endpoint_id>")
    @needs(READ)
    def one(endpoint_id: str) -> Response:
        # Never "not modified": how it does changes without a new version.
        return _tagged(room.endpoints.get(current_actor(), endpoint_id))

    @api.patch("/<endpoint_id>")
    @needs(MANAGE)
    def change(endpoint_id: str) -> Response:
        changes = changes_of(json_body(), if_match())
        return _tagged(room.endpoints.change(current_actor(), endpoint_id, changes))

    @api.delete("/<endpoint_id>")
    @needs(MANAGE)
    def end(endpoint_id: str) -> Response:
        room.endpoints.delete(current_actor(), endpoint_id, if_match())
        return no_content()


def _serve_commands(api: Blueprint, room: Outgoing) -> None:
    @api.post("/<endpoint_id>/rotate-secret")
    @needs(MANAGE)
    def rotate(endpoint_id: str) -> Response:
        given = read(RotationInput, optional_body())
        made = room.endpoints.rotate_secret(
            current_actor(), endpoint_id, secret=given.secret or "", immediate=given.immediate
        )
        return _with_secret(made)

    @api.post("/<endpoint_id>/ping")
    @needs(MANAGE)
    def ping(endpoint_id: str) -> Response:
        delivery = room.endpoints.ping(current_actor(), endpoint_id)
        headers = {"Location": f"/api/webhook-deliveries/{delivery['id']}"}
        return respond(delivery, _ACCEPTED, headers)

    @api.post("/<endpoint_id>/pause")
    @needs(MANAGE)
    def pause(endpoint_id: str) -> Response:
        return _tagged(room.endpoints.pause(current_actor(), endpoint_id))

    @api.post("/<endpoint_id>/enable")
    @needs(MANAGE)
    def enable(endpoint_id: str) -> Response:
        return _tagged(room.endpoints.resume(current_actor(), endpoint_id))


def _with_secret(made: Created, status: int = 200, headers: Shape | None = None) -> Response:
    shape = {**made.endpoint, "secret": made.secret}
    no_store = {"Cache-Control": "no-store"}
    return respond(shape, status, {**_tag(made.endpoint), **no_store, **(headers or {})})


def _tagged(shape: Shape) -> Response:
    return respond(shape, headers=_tag(shape))


def _tag(shape: Shape) -> dict[str, str]:
    return {"ETag": etag(shape["version"])}
