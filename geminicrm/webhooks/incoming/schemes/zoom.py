"""Zoom's events.

Source: developers.zoom.us, "Verify with Zoom's header": `v0=` and the hex of the HMAC-SHA256, with
the secret token, of `v0:<seconds>:<raw body>`. "Validate your webhook endpoint": the plain token is
sent back beside its HMAC, at the beginning and every 72 hours.
"""

import hmac
from itertools import compress
from typing import Any, Final

import orjson
from typing_extensions import override

from geminicrm.webhooks.incoming.scheme import (
    Checking,
    Item,
    Rejected,
    Reply,
    Request,
    Scheme,
    Verified,
)
from geminicrm.webhooks.incoming.schemes import shared

_HEADER: Final = "x-zm-signature"
_TIME: Final = "x-zm-request-timestamp"
_OK: Final = 200


class Zoom(Scheme):
    """`x-zm-signature: v0=<hex>` over `x-zm-request-timestamp`."""

    name = "zoom"
    label = "Zoom"
    needs_secret = True

    @override
    def verify(self, request: Request, checking: Checking) -> Verified:
        """Give the event by the digest of its bytes, which carry the time that it happened."""
        given = shared.header(request, _HEADER).encode()
        told = shared.header(request, _TIME)
        seconds = shared.whole_number(told, _TIME)
        signed = f"v0:{told}:".encode() + request.body
        secret = _maker(given, signed, shared.secrets_of(checking))
        shared.must_be_now(seconds, checking.now)
        event = shared.json_object(request.body)
        if event.get("event") == "endpoint.url_validation":
            return Verified(items=(), reply=_validation(event, secret))
        kind = shared.type_of(event.get("event"))
        return Verified(items=[Item(key=shared.digest(request.body), type=kind, data=event)])


def _maker(given: bytes, signed: bytes, secrets: list[bytes]) -> bytes:
    """Give the secret that made the signature: the answer must be made with the same."""
    made = [b"v0=" + _hex(secret, signed) for secret in secrets]
    shared.must_fit([given], made)
    fitting = (hmac.compare_digest(given, one) for one in made)
    return next(compress(secrets, fitting))


def _hex(secret: bytes, text: bytes) -> bytes:
    return hmac.digest(secret, text, "sha256").hex().encode()


def _validation(event: dict[str, Any], secret: bytes) -> Reply:
    payload = event.get("payload")
    token = payload.get("plainToken") if isinstance(payload, dict) else None
    if not isinstance(token, str):
        raise Rejected("body", "The validation has no plainToken.", 400)
    encrypted = _hex(secret, token.encode()).decode()
    answer = orjson.dumps({"plainToken": token, "encryptedToken": encrypted})
    return Reply(status=_OK, body=answer, content_type="application/json")
