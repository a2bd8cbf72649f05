"""Shopify's webhooks.

Source: shopify.dev, "Deliver webhooks through HTTPS": X-Shopify-Hmac-SHA256 is base64 of the
HMAC-SHA256 of the body, keyed with the app's client secret.
"""

import hmac
from base64 import b64encode
from typing import Final

from typing_extensions import override

from geminicrm.webhooks.incoming.scheme import Checking, Item, Request, Scheme, Verified
from geminicrm.webhooks.incoming.schemes import shared

_HEADER: Final = "x-shopify-hmac-sha256"


class Shopify(Scheme):
    """`X-Shopify-Hmac-SHA256: <base64>`."""

    name = "shopify"
    label = "Shopify"
    needs_secret = True

    @override
    def verify(self, request: Request, checking: Checking) -> Verified:
        """Give the event by X-Shopify-Webhook-Id, which stays the same when it is sent again."""
        secrets = shared.secrets_of(checking)
        given = shared.header(request, _HEADER).encode()
        made = [b64encode(hmac.digest(secret, request.body, "sha256")) for secret in secrets]
        shared.must_fit([given], made)
        identity = shared.optional_header(request, "x-shopify-webhook-id")
        item = Item(
            key=shared.key_of(identity) or shared.digest(request.body),
            type=shared.type_of(shared.optional_header(request, "x-shopify-topic")),
            data=shared.json_object(request.body),
        )
        return Verified(items=[item])
