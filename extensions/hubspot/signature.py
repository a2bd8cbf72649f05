"""The signature, version 3, of HubSpot's webhooks.

Source: developers.hubspot.com, "Validating requests": base64 of the HMAC-SHA256, with the app's
client secret, of method, address, body and time in milliseconds, written one after the other.
Versions 1 and 2 have no time, so what was caught once could be sent for ever: they are not taken.
"""

import hmac
import re
from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from typing import Final
from urllib.parse import unquote

from extensions.sdk.service_errors import AccessDenied

TOLERANCE_SECONDS: Final = 300
_MILLISECONDS: Final = 1000
# HubSpot signs these as themselves, other escapes as they stand: : / ? @ ! $ ' ( ) * , ;
_DECODED: Final = re.compile(r"%(?:3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A request as it came in: `url` is the public address, `body` not touched.

    `signature` is the header X-HubSpot-Signature-v3, `timestamp` X-HubSpot-Request-Timestamp.
    """

    method: str
    url: str
    body: bytes
    signature: str
    timestamp: str


def verify(received: Received, client_secret: str, now: float) -> None:
    """Check a request; `now` is in seconds since 1970.

    Raises AccessDenied where the secret did not make the signature, there is no secret, or it is
    older or newer than 300 s.
    """
    told = received.timestamp
    if not (client_secret and told.isascii() and told.isdigit()):
        raise AccessDenied(
            "The signature says no time, or there is no secret to check it with.",
            mend="Fill in the client secret of the app on the connection's page.",
        )
    if abs(now - int(told) / _MILLISECONDS) > TOLERANCE_SECONDS:
        raise AccessDenied("The signature is not of now.", mend="Check the clock of this machine.")
    if not hmac.compare_digest(_signed(received, client_secret), received.signature.encode()):
        raise AccessDenied(
            "The signature does not fit.",
            mend="Copy the client secret of the app once more; check the public address.",
        )


def _signed(received: Received, client_secret: str) -> bytes:
    url = _DECODED.sub(lambda found: unquote(found[0]), received.url)
    said = f"{received.method.upper()}{url}".encode() + received.body
    key = client_secret.encode()
    return b64encode(hmac.new(key, said + received.timestamp.encode(), sha256).digest())
