"""Paddle's notifications.

Source: developer.paddle.com, "Verify webhook signatures": `ts=<seconds>;h1=<hex>`, the hex of the
HMAC-SHA256 of `<ts>:<raw body>`; several `h1` stand there while a secret is rotated.
"""

import hmac
from typing import Final

from typing_extensions import override

from geminicrm.webhooks.incoming.scheme import Checking, Item, Rejected, Request, Scheme, Verified
from geminicrm.webhooks.incoming.schemes import shared

_HEADER: Final = "paddle-signature"
_MOST_PARTS: Final = 20


class Paddle(Scheme):
    """`Paddle-Signature: ts=<seconds>;h1=<hex>`."""

    name = "paddle"
    label = "Paddle"
    needs_secret = True

    @override
    def verify(self, request: Request, checking: Checking) -> Verified:
        """Give the event of a request; its event_id is the key."""
        secrets = shared.secrets_of(checking)
        told, given = _parts(shared.header(request, _HEADER))
        seconds = shared.whole_number(told, _HEADER)
        signed = told.encode() + b":" + request.body
        made = [hmac.digest(secret, signed, "sha256").hex().encode() for secret in secrets]
        shared.must_fit(given, made)
        shared.must_be_now(seconds, checking.now)
        event = shared.json_object(request.body)
        key = shared.key_of(event.get("event_id")) or shared.digest(request.body)
        kind = shared.type_of(event.get("event_type"))
        return Verified(items=[Item(key=key, type=kind, data=event)])


def _parts(header: str) -> tuple[str, list[bytes]]:
    parts = [part.strip().partition("=") for part in header.split(";")[:_MOST_PARTS]]
    times = [value for name, _, value in parts if name == "ts"]
    given = [value.encode() for name, _, value in parts if name == "h1" and value]
    if len(times) != 1 or not given:
        raise Rejected("header", f"{_HEADER} needs one ts= and an h1=.")
    return times[0], given
