"""GitHub's webhooks.

Source: docs.github.com, "Validating webhook deliveries": `sha256=` and the hex of the HMAC-SHA256
of the body. The older X-Hub-Signature, of SHA-1, is not taken. "Webhook events and payloads":
X-GitHub-Delivery stays the same when a delivery is sent again.
"""

import hmac
from typing import Any, Final

from typing_extensions import override

from geminicrm.webhooks.incoming.scheme import Checking, Item, Request, Scheme, Verified
from geminicrm.webhooks.incoming.schemes import shared

_HEADER: Final = "x-hub-signature-256"


class GitHub(Scheme):
    """`X-Hub-Signature-256: sha256=<hex>`."""

    name = "github"
    label = "GitHub"
    needs_secret = True

    @override
    def verify(self, request: Request, checking: Checking) -> Verified:
        """Give the event by its delivery, from JSON or a form with JSON in `payload`."""
        secrets = shared.secrets_of(checking)
        given = shared.header(request, _HEADER).encode()
        made = [hmac.digest(secret, request.body, "sha256").hex() for secret in secrets]
        shared.must_fit([given], [f"sha256={one}".encode() for one in made])
        delivery = shared.optional_header(request, "x-github-delivery")
        item = Item(
            key=shared.key_of(delivery) or shared.digest(request.body),
            type=shared.type_of(shared.optional_header(request, "x-github-event")),
            data=_data(request),
        )
        return Verified(items=[item])


def _data(request: Request) -> dict[str, Any]:
    if not shared.is_form(request):
        return shared.json_object(request.body)
    payload = shared.only(shared.fields_of(request.body), "payload")
    return shared.json_object(payload.encode())
