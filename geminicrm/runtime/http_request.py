"""What an extension asks for at `app.http`, checked and made into a request of the core."""

import json as jsonlib
import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from geminicrm.kernel.errors import Finding, ValidationFailed
from geminicrm.kernel.http import HttpRequest, HttpTimeout
from geminicrm.runtime.call_context import CallContext

LONGEST_SECONDS = 30.0
_TYPE = "content-type"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The arguments of one request, as they came."""

    method: str
    url: str
    headers: Mapping[str, str] | None
    json: object
    body: bytes | None
    timeout: float


def request_of(asked: Asked, call: CallContext) -> HttpRequest:
    """Make the request; it ends with the call at the latest.

    Raises ValidationFailed with a finding per argument that is none, HttpTimeout where the call
    has no time left.
    """
    found = list(_findings(asked))
    if found:
        raise ValidationFailed(found)
    headers = dict(asked.headers or {})
    body = asked.body or b""
    if asked.json is not None:
        body = _json(asked.json)
        if all(name.lower() != _TYPE for name in headers):
            headers["Content-Type"] = "application/json"
    seconds = min(asked.timeout, LONGEST_SECONDS, _left(call))
    return HttpRequest(asked.method.upper(), asked.url, headers, body, deadline_seconds=seconds)


def _left(call: CallContext) -> float:
    left = call.deadline - time.monotonic()
    if left <= 0:
        raise HttpTimeout(
            "The time of the call is over: nothing was sent.", where="", stage="send", sent=False
        )
    return left


def _findings(asked: Asked) -> Iterator[Finding]:
    for name in ("method", "url"):
        if not isinstance(getattr(asked, name), str):
            yield Finding(f"/{name}", "wrong_value", "Give a text.")
    if not _are_texts(asked.headers):
        yield Finding("/headers", "wrong_value", "Give texts by name.")
    if not _are_bytes(asked.body):
        yield Finding("/body", "wrong_value", "Give bytes: text.encode().")
    if asked.body is not None and asked.json is not None:
        yield Finding("/body", "wrong_value", "Give either json or body.")
    if not _is_time(asked.timeout):
        yield Finding("/timeout", "wrong_value", "Give a number of seconds above 0.")


def _are_texts(headers: object) -> bool:
    if headers is None:
        return True
    return isinstance(headers, Mapping) and all(
        isinstance(name, str) and isinstance(value, str) for name, value in headers.items()
    )


def _are_bytes(body: object) -> bool:
    return body is None or isinstance(body, bytes)


def _is_time(timeout: object) -> bool:
    if isinstance(timeout, bool) or not isinstance(timeout, int | float):
        return False
    return 0 < timeout < math.inf


def _json(value: object) -> bytes:
    try:
        return jsonlib.dumps(value, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        message = f"This is no JSON: {error}."
        raise ValidationFailed([Finding("/json", "wrong_value", message)]) from error
