"""Name and password in the address of a webhook, as Postmark wants it.

Nothing is signed, so all hangs on TLS. A secret is `name:password`.
Source: RFC 7617; postmarkapp.com, "Webhooks overview", "Protecting your webhook".
"""

from base64 import b64encode
from typing import Final

from typing_extensions import override

from geminicrm.webhooks.incoming.scheme import Checking, Item, Rejected, Request, Scheme, Verified
from geminicrm.webhooks.incoming.schemes import shared

_HEADER: Final = "authorization"


class BasicAuth(Scheme):
    """`Authorization: Basic <base64 of name:password>`."""

    name = "basic-auth"
    label = "Basic authentication (Postmark)"
    needs_secret = True

    @override
    def verify(self, request: Request, checking: Checking) -> Verified:
        """Give the request as one event, by the digest of its bytes."""
        secrets = shared.secrets_of(checking)
        word, _, given = shared.header(request, _HEADER).partition(" ")
        if word.lower() != "basic":
            raise Rejected("header", f"The header {_HEADER} has no name and password.")
        if not shared.fits([given.strip().encode()], map(b64encode, secrets)):
            raise Rejected("token", "Name and password are not those filled in here.")
        data = shared.anything_in(request)
        kind = data.get("RecordType") if isinstance(data, dict) else None
        item = Item(key=shared.digest(request.body), type=shared.type_of(kind), data=data)
        return Verified(items=[item])
