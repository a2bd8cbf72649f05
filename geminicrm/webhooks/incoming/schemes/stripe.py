"""Stripe's webhooks.

Source: docs.stripe.com/webhooks, "Verify webhook signatures manually": HMAC-SHA256 of
`<t>.<raw body>` in hex, keyed with the whole secret; several `v1` stand there while a secret is
rolled; `v0` is for tests only.
"""

import hmac
from typing import Any, Final

from typing_extensions import override

from geminicrm.webhooks.incoming.scheme import Checking, Item, Rejected, Request, Scheme, Verified
from geminicrm.webhooks.incoming.schemes import shared

_HEADER: Final = "stripe-signature"
_MOST_PARTS: Final = 20


class Stripe(Scheme):
    """`Stripe-Signature: t=<seconds>,v1=<hex>[,v1=<hex>]`."""

    name = "stripe"
    label = "Stripe"
    needs_secret = True

    @override
    def verify(self, request: Request, checking: Checking) -> Verified:
        """Give the event of a request; its id is the key."""
        secrets = shared.secrets_of(checking)
        told, given = _parts(shared.header(request, _HEADER))
        signed = told.encode() + b"." + request.body
        made = [hmac.new(secret, signed, "sha256").hexdigest().encode() for secret in secrets]
        shared.must_fit(given, made)
        shared.must_be_now(shared.whole_number(told, _HEADER), checking.now)
        event = shared.json_object(request.body)
        return Verified(items=[_item(event, request.body)])


def _parts(header: str) -> tuple[str, list[bytes]]:
    parts = [part.strip().partition("=") for part in header.split(",")[:_MOST_PARTS]]
    times = [value for name, _, value in parts if name == "t"]
    given = [value.encode() for name, _, value in parts if name == "v1" and value]
    if len(times) != 1 or not given:
        raise Rejected("header", f"{_HEADER} needs one t= and a v1=.")
    return times[0], given


def _item(event: dict[str, Any], body: bytes) -> Item:
    key = shared.key_of(event.get("id")) or shared.digest(body)
    return Item(key=key, type=shared.type_of(event.get("type")), data=event)
