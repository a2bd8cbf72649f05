"""/api/webhooks/<service>[/<token>]: where services post to. Anybody may come; few are believed."""

from typing import Final
from urllib.parse import quote

from flask import Blueprint, Response, request
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from geminicrm.identity.guards import for_services
from geminicrm.kernel.errors import BadRequest, TooLarge
from geminicrm.webhooks.incoming.receiving import Door, Reception
from geminicrm.webhooks.incoming.scheme import Request

OLD_PATH: Final = "geminicrm.old_path"
"""Where the environment has the path that a request came for, if it was led on from an old one."""


def blueprint(reception: Reception, public_url: str) -> Blueprint:
    """Serve them. `public_url` is what services sign: what a request says of its host is not."""
    api = Blueprint("webhooks_in", __name__, url_prefix="/api/webhooks")
    base = public_url.rstrip("/")

    @api.post("/<service>")
    @api.post("/<service>/<token>")
    @for_services
    def receive(service: str, token: str = "") -> Response:
        door = reception.door(service, token)
        reply = reception.take(door, _request(base, _body(door)))
        answer = Response(reply.body, reply.status, content_type=reply.content_type)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    return api


def _body(door: Door) -> bytes:
    """Read the body as it came. Raises TooLarge before more than that was read, BadRequest."""
    request.max_content_length = door.most_bytes
    try:
        return request.get_data(cache=False, parse_form_data=False)
    except RequestEntityTooLarge as error:
        raise TooLarge(f"A body of at most {door.most_bytes} bytes is taken.") from error
    except ClientDisconnected as error:
        raise BadRequest("The body ended before its end.") from error


def _request(base: str, body: bytes) -> Request:
    path = request.environ.get(OLD_PATH) or request.path
    query = request.environ.get("QUERY_STRING", "")
    url = f"{base}{quote(path, safe='/-._~')}{'?' if query else ''}{query}"
    headers: dict[str, list[str]] = {}
    for name, value in request.headers.items():
        headers.setdefault(name.lower(), []).append(value)
    return Request(method=request.method, url=url, headers=headers, body=body)
