"""The signature of Stripe's webhooks.

Source: docs.stripe.com/webhooks, "Verify webhook signatures manually": HMAC-SHA256 of
`<t>.<raw body>` in hex; several `v1` stand there while a secret is rolled; `v0` is for tests only.
"""

import hmac
from collections.abc import Iterable
from hashlib import sha256
from typing import Final

from extensions.sdk.service_errors import AccessDenied

TOLERANCE_SECONDS: Final = 300
_MOST_PARTS: Final = 20


def verify(body: bytes, header: str, secrets: Iterable[str], now: float) -> None:
    """Check `Stripe-Signature` of a body as it came; `now` is in seconds since 1970.

    Raises AccessDenied where none of the secrets made it, or it is older or newer than 300 s.
    """
    parts = [part.strip().partition("=") for part in header.split(",")[:_MOST_PARTS]]
    told = next((value for name, _, value in parts if name == "t"), "")
    if not (told.isascii() and told.isdigit()):
        raise AccessDenied("The signature says no time.", service_code="signature")
    if abs(now - int(told)) > TOLERANCE_SECONDS:
        raise AccessDenied(
            "The signature is not of now.",
            mend="Check the clock of this machine.",
            service_code="signature",
        )
    given = [value.encode() for name, _, value in parts if name == "v1"]
    good = [_signed(secret, told, body) for secret in secrets if secret]
    if not any(hmac.compare_digest(one, other) for one in given for other in good):
        raise AccessDenied(
            "The signature does not fit.",
            mend="Copy the signing secret of this webhook from Stripe's dashboard once more.",
            service_code="signature",
        )


def _signed(secret: str, told: str, body: bytes) -> bytes:
    return hmac.new(secret.encode(), told.encode() + b"." + body, sha256).hexdigest().encode()
