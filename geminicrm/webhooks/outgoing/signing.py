"""Secrets of endpoints, and the headers that prove who sends.

Source: the Standard Webhooks specification 1.0.0: `v1` is base64 of the HMAC-SHA256 of
`<id>.<timestamp>.<body>`, keyed with what follows `whsec_`, base64-decoded.
"""

import base64
import hmac
import secrets
from collections.abc import Sequence
from hashlib import sha256
from typing import Final

PREFIX: Final = "whsec_"
_BYTES: Final = 32


def new_secret() -> str:
    """Make the secret of an endpoint: 32 random bytes, as the specification writes them."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_BYTES)).decode()


def signed_headers(
    keys: Sequence[str], message_id: str, event_type: str, timestamp: int, body: bytes
) -> dict[str, str]:
    """Give the headers of an attempt at `timestamp`, in seconds since 1970.

    `keys` are the secrets that hold, the newest first. `X-Webhook-Signature` is hex of the
    HMAC-SHA256 of the body alone, keyed with the newest secret's own characters.
    """
    signed = f"{message_id}.{timestamp}.".encode() + body
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(_v1(key, signed) for key in keys),
        "X-Webhook-Signature": hmac.new(keys[0].encode(), body, sha256).hexdigest(),
        "X-Webhook-Event": event_type,
    }


def _v1(key: str, signed: bytes) -> str:
    # A secret without the prefix, which only a caller in our own process gives, is its own key.
    raw = base64.b64decode(key[len(PREFIX) :]) if key.startswith(PREFIX) else key.encode()
    return "v1," + base64.b64encode(hmac.new(raw, signed, sha256).digest()).decode()
