"""WooCommerce's webhooks.

Source: class-wc-webhook.php: `generate_signature` is base64 of the HMAC-SHA256 of the body;
`deliver_ping` posts `webhook_id=<number>` without any signature when a webhook is made, and does
not begin before it is answered with 200.
"""

import hmac
import re
from base64 import b64encode
from typing import Final

from typing_extensions import override

from geminicrm.webhooks.incoming.scheme import Checking, Item, Reply, Request, Scheme, Verified
from geminicrm.webhooks.incoming.schemes import shared

_HEADER: Final = "x-wc-webhook-signature"
_PING: Final = re.compile(rb"webhook_id=\d{1,20}")
_OK: Final = 200


class WooCommerce(Scheme):
    """`X-WC-Webhook-Signature: <base64>`."""

    name = "woocommerce"
    label = "WooCommerce"
    needs_secret = True

    @override
    def verify(self, request: Request, checking: Checking) -> Verified:
        """Give the event by its delivery's id; the ping, which says nothing, is only answered."""
        secrets = shared.secrets_of(checking)
        if _HEADER not in request.headers and _PING.fullmatch(request.body):
            reply = Reply(status=_OK, body=b"", content_type="text/plain; charset=utf-8")
            return Verified(items=(), reply=reply)
        given = shared.header(request, _HEADER).encode()
        made = [b64encode(hmac.digest(secret, request.body, "sha256")) for secret in secrets]
        shared.must_fit([given], made)
        delivery = shared.optional_header(request, "x-wc-webhook-delivery-id")
        item = Item(
            key=shared.key_of(delivery) or shared.digest(request.body),
            type=shared.type_of(shared.optional_header(request, "x-wc-webhook-topic")),
            data=shared.json_object(request.body),
        )
        return Verified(items=[item])
