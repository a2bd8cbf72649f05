"""HighLevel's webhooks.

Source: marketplace.gohighlevel.com/docs/webhook/WebhookIntegrationGuide: X-GHL-Signature is base64
of the Ed25519 signature of the raw body; X-WH-Signature, the older one, of the RSA signature
(PKCS #1 v1.5, SHA-256). Both keys are public, the same for everybody, and stand in that guide;
the options `ed25519_key` and `rsa_key` (base64 of DER, or PEM) replace them when they change.
The body says when it was sent and its own id: `timestamp`, `webhookId`.
"""

from base64 import b64decode
from typing import Any, Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key, load_pem_public_key
from typing_extensions import override

from geminicrm.webhooks.incoming.scheme import Checking, Item, Rejected, Request, Scheme, Verified
from geminicrm.webhooks.incoming.schemes import shared

_HEADER: Final = "x-ghl-signature"
_OLDER: Final = "x-wh-signature"
ED25519_KEY: Final = "MCowBQYDK2VwAyEAi2HR1srL4o18O8BRa7gVJY7G7bupbN3H9AwJrHCDiOg="
RSA_KEY: Final = (
    "MIICIjANBgkqhkiG9w0BAQEFAAOCAg8AMIICCgKCAgEAokvo/r9tVgcfZ5DysOSC"
    "Frm602qYV0MaAiNnX9O8KxMbiyRKWeL9JpCpVpt4XHIcBOK4u3cLSqJGOLaPuXw6"
    "dO0t6Q/ZVdAV5Phz+ZtzPL16iCGeK9po6D6JHBpbi989mmzMryUnQJezlYJ3DVfB"
    "csedpinheNnyYeFXolrJvcsjDtfAeRx5ByHQmTnSdFUzuAnC9/GepgLT9SM4nCpv"
    "uxmZMxrJt5Rw+VUaQ9B8JSvbMPpez4peKaJPZHBbU3OdeCVx5klVXXZQGNHOs8gF"
    "3kvoV5rTnXV0IknLBXlcKKAQLZcY/Q9rG6Ifi9c+5vqlvHPCUJFT5XUGG5RKgOKU"
    "J062fRtN+rLYZUV+BjafxQauvC8wSWeYja63VSUruvmNj8xkx2zE/Juc+yjLjTXp"
    "IocmaiFeAO6fUtNjDeFVkhf5LNb59vECyrHD2SQIrhgXpO4Q3dVNA5rw576PwTzN"
    "h/AMfHKIjE4xQA1SZuYJmNnmVZLIZBlQAF9Ntd03rfadZ+yDiOXCCs9FkHibELhC"
    "HULgCsnuDJHcrGNd5/Ddm5hxGQ0ASitgHeMZ0kcIOwKDOzOU53lDza6/Y09T7sYJ"
    "PQe7z0cvj7aE4B+Ax1ZoZGPzpJlZtGXCsu9aTEGEnKzmsFqwcSsnw3JB31IGKAyk"
    "T1hhTiaCeIY/OwwwNUY2yvcCAwEAAQ=="
)


class GoHighLevel(Scheme):
    """`X-GHL-Signature`, or `X-WH-Signature` where only that came."""

    name = "gohighlevel"
    label = "HighLevel"
    needs_secret = False

    @override
    def verify(self, request: Request, checking: Checking) -> Verified:
        """Give the event by its webhookId."""
        newer = shared.optional_header(request, _HEADER)
        older = None if newer else shared.optional_header(request, _OLDER)
        option, public = ("rsa_key", RSA_KEY) if older else ("ed25519_key", ED25519_KEY)
        given = shared.from_base64(older or shared.header(request, _HEADER), "The signature")
        key = _key(checking.options.get(option) or public, option)
        if not _is_signed(key, given, request.body):
            raise Rejected("signature", "The signature does not fit: the body was changed.")
        event = shared.json_object(request.body)
        told = shared.iso_time(event.get("timestamp"), "The timestamp in the body")
        shared.must_be_now(told, checking.now)
        return Verified(items=[_item(event, request.body)])


def _key(text: str, option: str) -> PublicKeyTypes:
    raw = shared.as_bytes(text.strip())
    try:
        if raw.startswith(b"-----"):
            return load_pem_public_key(raw)
        return load_der_public_key(b64decode(raw, validate=True))
    except (ValueError, UnsupportedAlgorithm) as bad:
        raise Rejected("secret", f'The option "{option}" is no public key.') from bad


def _is_signed(key: PublicKeyTypes, signature: bytes, body: bytes) -> bool:
    try:
        if isinstance(key, Ed25519PublicKey):
            key.verify(signature, body)
        elif isinstance(key, RSAPublicKey):
            key.verify(signature, body, PKCS1v15(), SHA256())
        else:
            raise Rejected("secret", "The public key is neither Ed25519 nor RSA.")
    except InvalidSignature:
        return False
    return True


def _item(event: dict[str, Any], body: bytes) -> Item:
    key = shared.key_of(event.get("webhookId")) or shared.digest(body)
    return Item(key=key, type=shared.type_of(event.get("type")), data=event)
