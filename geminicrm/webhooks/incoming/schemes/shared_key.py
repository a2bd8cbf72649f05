"""A secret that is sent along in a header, as Make and many scripts do.

Nothing is signed, so all hangs on TLS. Options: `header` (x-make-apikey where it is left out),
`id_header` and `type_header` (the event's id and type).
Source: help.make.com, "Webhooks", "API key authentication".
"""

from typing import Final

from typing_extensions import override

from geminicrm.webhooks.incoming.scheme import Checking, Item, Rejected, Request, Scheme, Verified
from geminicrm.webhooks.incoming.schemes import shared

_HEADER: Final = "x-make-apikey"


class SharedKey(Scheme):
    """`x-make-apikey: <the secret>`, or any other header."""

    name = "shared-key"
    label = "Shared key"
    needs_secret = True

    @override
    def verify(self, request: Request, checking: Checking) -> Verified:
        """Give the request as one event, by its id header or the digest of its bytes."""
        secrets = shared.secrets_of(checking)
        name = (checking.options.get("header") or _HEADER).lower()
        if not shared.fits([shared.header(request, name).encode()], secrets):
            raise Rejected("token", f"The key in {name} is not the one filled in here.")
        key = shared.key_of(shared.named_header(request, checking.options, "id_header"))
        item = Item(
            key=key or shared.digest(request.body),
            type=shared.type_of(shared.named_header(request, checking.options, "type_header")),
            data=shared.anything_in(request),
        )
        return Verified(items=[item])
