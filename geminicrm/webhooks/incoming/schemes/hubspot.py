"""HubSpot's webhooks, version 3 of the signature.

Source: developers.hubspot.com, "Validating requests": base64 of the HMAC-SHA256, with the app's
client secret, of method, address, body and time in milliseconds, written one after the other.
Versions 1 and 2 have no time, so what was caught once could be sent for ever: they are not taken.
"""

import hmac
import re
from base64 import b64encode
from typing import Any, Final
from urllib.parse import unquote

from typing_extensions import override

from geminicrm.webhooks.incoming.scheme import Checking, Item, Rejected, Request, Scheme, Verified
from geminicrm.webhooks.incoming.schemes import shared

_HEADER: Final = "x-hubspot-signature-v3"
_TIME: Final = "x-hubspot-request-timestamp"
_OLDER: Final = "x-hubspot-signature"
_MILLISECONDS: Final = 1000
# HubSpot signs these as themselves, other escapes as they stand: : / ? @ ! $ ' ( ) * , ;
_DECODED: Final = re.compile(r"%(?:3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)", re.IGNORECASE)


class HubSpot(Scheme):
    """`X-HubSpot-Signature-v3` over `X-HubSpot-Request-Timestamp`, in milliseconds."""

    name = "hubspot"
    label = "HubSpot"
    needs_secret = True

    @override
    def verify(self, request: Request, checking: Checking) -> Verified:
        """Give the events of a batch, each by its id, with what it is about."""
        secrets = shared.secrets_of(checking)
        if _HEADER not in request.headers and _OLDER in request.headers:
            raise Rejected("header", "Versions 1 and 2 of the signature have no time: not taken.")
        given = shared.header(request, _HEADER).encode()
        told = shared.header(request, _TIME)
        seconds = shared.whole_number(told, _TIME) / _MILLISECONDS
        signed = _signed(request, told)
        made = [b64encode(hmac.digest(secret, signed, "sha256")) for secret in secrets]
        shared.must_fit([given], made)
        shared.must_be_now(seconds, checking.now)
        return Verified(items=[*map(_item, shared.objects_in(shared.json_of(request.body)))])


def _signed(request: Request, told: str) -> bytes:
    url = _DECODED.sub(lambda found: unquote(found[0]), request.url)
    return shared.as_bytes(request.method.upper() + url) + request.body + told.encode()


def _item(event: dict[str, Any]) -> Item:
    # HubSpot does not promise that an eventId is unique; with these it is, and a copy has the same.
    ids = (event.get(name) for name in ("eventId", "subscriptionId", "objectId"))
    key = shared.key_of(*ids) or shared.key_of(event.get("eventId")) or shared.own_digest(event)
    return Item(key=key, type=shared.type_of(event.get("subscriptionType")), data=event)
