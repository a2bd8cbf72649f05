"""Standard Webhooks, and the same under Svix's older names.

Source: the Standard Webhooks specification 1.0.0, "Signature scheme": `v1` is base64 of the
HMAC-SHA256 of `<id>.<timestamp>.<body>`, keyed with what follows `whsec_`, base64-decoded; `v1a`
is base64 of its Ed25519 signature, whose public key follows `whpk_`. Several stand there, with
spaces between, while a secret is rotated. docs.svix.com, "Verifying webhooks manually": svix-id and
so on, else alike.
"""

import binascii
import hmac
from base64 import b64decode, b64encode
from collections.abc import Sequence
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from typing_extensions import override

from geminicrm.webhooks.incoming.scheme import Checking, Item, Rejected, Request, Scheme, Verified
from geminicrm.webhooks.incoming.schemes import shared

_FAMILIES: Final = ("webhook", "svix")
_PRIVATE: Final = "whsec_"
_PUBLIC: Final = "whpk_"
_MOST_SIGNATURES: Final = 20


class StandardWebhooks(Scheme):
    """`webhook-id`, `webhook-timestamp`, `webhook-signature`; or `svix-id` and so on."""

    name = "standard-webhooks"
    label = "Standard Webhooks"
    needs_secret = True

    @override
    def verify(self, request: Request, checking: Checking) -> Verified:
        """Give the event of a request; the message's id is the key."""
        shared.secrets_of(checking)
        family = _family(request)
        identity = shared.header(request, f"{family}-id")
        told = shared.header(request, f"{family}-timestamp")
        seconds = shared.whole_number(told, f"{family}-timestamp")
        given = _signatures(shared.header(request, f"{family}-signature"))
        _must_fit(given, f"{identity}.{told}.".encode() + request.body, checking.secrets)
        shared.must_be_now(seconds, checking.now)
        data = shared.json_of(request.body)
        return Verified(items=[_item(identity, data)])


def _family(request: Request) -> str:
    present = [name for name in _FAMILIES if f"{name}-signature" in request.headers]
    if len(present) > 1:
        raise Rejected("header", "There are signatures under two names.")
    return present[0] if present else _FAMILIES[0]


def _signatures(header: str) -> list[tuple[str, bytes]]:
    """Give version and signature of each; what has no comma is none, and others may still fit."""
    split = [one.partition(",") for one in header.split(" ")[:_MOST_SIGNATURES]]
    given = [(version, value.encode()) for version, comma, value in split if comma and value]
    if not given:
        raise Rejected("header", "The signature is not of the form v1,<base64>.")
    return given


def _must_fit(given: Sequence[tuple[str, bytes]], signed: bytes, secrets: Sequence[str]) -> None:
    public = [secret for secret in secrets if secret.startswith(_PUBLIC)]
    private = [_raw(secret, _PRIVATE) for secret in secrets if secret and secret not in public]
    asymmetric = [value for version, value in given if version == "v1a"]
    if any(_is_signed(_raw(key, _PUBLIC), value, signed) for key in public for value in asymmetric):
        return
    made = [b64encode(hmac.digest(key, signed, "sha256")) for key in private]
    shared.must_fit([value for version, value in given if version == "v1"], made)


def _raw(secret: str, prefix: str) -> bytes:
    try:
        raw = b64decode(shared.as_bytes(secret.removeprefix(prefix)), validate=True)
    except binascii.Error as bad:
        raise Rejected("secret", f"A secret is no base64 after {prefix}.") from bad
    if not raw:
        raise Rejected("secret", "A secret has nothing in it.")
    return raw


def _is_signed(key: bytes, signature: bytes, signed: bytes) -> bool:
    try:
        raw = b64decode(signature, validate=True)
        Ed25519PublicKey.from_public_bytes(key).verify(raw, signed)
    except (InvalidSignature, ValueError):
        return False
    return True


def _item(identity: str, data: Any) -> Item:
    kind = data.get("type") if isinstance(data, dict) else None
    return Item(key=shared.key_of(identity), type=shared.type_of(kind), data=data)
