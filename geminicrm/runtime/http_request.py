"""What an extension asks for at `app.http`, checked and made into a request of the core."""

import json as jsonlib
import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from geminicrm.connections.outgoing.calls import MOST_RETRIES
from geminicrm.kernel.errors import Finding, ValidationFailed
from geminicrm.kernel.http import HttpRequest, HttpTimeout
from geminicrm.runtime.call_context import CallContext

LONGEST_SECONDS = 30.0
_LONGEST_KEY = 200
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
    retries: int
    idempotency_key: str | None
    idempotency_header: str
    cache_seconds: float


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
    if asked.idempotency_key is not None:
        headers[asked.idempotency_header] = asked.idempotency_key
    return HttpRequest(
        asked.method.upper(),
        asked.url,
        headers,
        body,
        deadline_seconds=min(asked.timeout, LONGEST_SECONDS, _left(call)),
        repeatable=asked.idempotency_key is not None,
    )


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
    yield from _wishes(asked)


def _wishes(asked: Asked) -> Iterator[Finding]:
    if not isinstance(asked.retries, int) or not 0 <= asked.retries <= MOST_RETRIES:
        yield Finding("/retries", "wrong_value", f"Give a number from 0 to {MOST_RETRIES}.")
    if not _is_key(asked.idempotency_key) or not isinstance(asked.idempotency_header, str):
        text = f"Give a text of 1 to {_LONGEST_KEY} characters."
        yield Finding("/idempotency_key", "wrong_value", text)
    if asked.cache_seconds != 0 and not _is_time(asked.cache_seconds):
        yield Finding("/cache_seconds", "wrong_value", "Give a number of seconds, or 0.")


def _is_key(key: object) -> bool:
    return key is None or (isinstance(key, str) and 0 < len(key) <= _LONGEST_KEY)


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
