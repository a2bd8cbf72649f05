"""What every JSON endpoint does alike: read a body, answer, tag, page."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

import orjson
from flask import Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from geminicrm.kernel.errors import AppError, BadRequest, Finding, TooLarge, ValidationFailed

MAX_BODY = 5 * 1024 * 1024
Body = dict[str, Any]
Payload = TypeVar("Payload")


class UnsupportedMediaType(AppError):
    """The body is not JSON."""

    code = "unsupported_media_type"
    status = 415
    title = "Send JSON"


def json_body() -> Body:
    """Read the request's JSON object; BadRequest says where it stops being JSON."""
    if request.mimetype != "application/json":
        raise UnsupportedMediaType("Send the body as application/json.")
    try:
        raw = request.get_data(cache=False)
    except RequestEntityTooLarge as error:
        raise TooLarge(f"The body is larger than {MAX_BODY} bytes.") from error
    return json_object(raw)


def json_object(raw: bytes) -> Body:
    """Read a JSON object. Raises BadRequest, ValidationFailed."""
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise BadRequest(
            f"The body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        ) from None
    if not isinstance(body, dict):
        raise ValidationFailed([Finding("", "not_an_object", "send one JSON object")])
    return body


def respond(
    payload: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Answer with JSON."""
    response = Response(orjson.dumps(payload), status, mimetype="application/json")
    if headers:
        response.headers.update(headers)
    return response


def respond_page(data: Sequence[object], next_cursor: str | None) -> Response:
    """Answer with a page of a list; the header `Link` has the address of the next one."""
    headers = {}
    if next_cursor is not None:
        query = {**request.args.to_dict(), "cursor": next_cursor}
        headers["Link"] = f'<{request.path}?{urlencode(query)}>; rel="next"'
    return respond({"data": data, "next_cursor": next_cursor}, headers=headers)


def no_content() -> Response:
    """Answer that it is done and there is nothing to say."""
    return Response(status=204)


def etag(version: int) -> str:
    """Give the strong entity tag of a record's version."""
    return f'"{version}"'


def if_match() -> int | None:
    """Read the version that the caller last saw; None where it does not say.

    A tag that can't be one of ours matches no version.
    """
    header = request.headers.get("If-Match")
    if header is None or header.strip() == "*":
        return None
    text = header.strip().strip('"')
    return int(text) if text.isdecimal() else -1


def not_modified(version: int) -> bool:
    """Tell whether the caller holds this version already (If-None-Match)."""
    return etag(version) in request.headers.get("If-None-Match", "")


def problem(error: AppError, reference: str) -> Response:
    """Write an error as a problem document (RFC 9457)."""
    document = {
        "type": f"urn:geminicrm:error:{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "code": error.code,
        "instance": reference,
        **error.extra,
    }
    response = Response(
        orjson.dumps(document, default=str), error.status, mimetype="application/problem+json"
    )
    response.headers.update(error.headers)
    return response
