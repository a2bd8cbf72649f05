"""SendGrid's event webhook.

Source: twilio.com/docs/sendgrid, "Event Webhook security features": base64 of the DER signature,
ECDSA over P-256 with SHA-256, of timestamp and raw body (the line end behind it belongs to it). The
secret is the verification key as its page shows it: base64 of the DER public key, and no secret.
"""

from base64 import b64decode
from typing import Any, Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from typing_extensions import override

from geminicrm.webhooks.incoming.scheme import Checking, Item, Rejected, Request, Scheme, Verified
from geminicrm.webhooks.incoming.schemes import shared

_HEADER: Final = "x-twilio-email-event-webhook-signature"
_TIME: Final = "x-twilio-email-event-webhook-timestamp"


class SendGrid(Scheme):
    """`X-Twilio-Email-Event-Webhook-Signature` over `-Timestamp`."""

    name = "sendgrid"
    label = "SendGrid"
    needs_secret = True

    @override
    def verify(self, request: Request, checking: Checking) -> Verified:
        """Give the events of a batch, each by its sg_event_id."""
        keys = [_key(secret) for secret in shared.secrets_of(checking)]
        given = shared.from_base64(shared.header(request, _HEADER), _HEADER)
        told = shared.header(request, _TIME)
        seconds = shared.whole_number(told, _TIME)
        signed = told.encode() + request.body
        if not any(_is_signed(key, given, signed) for key in keys):
            raise Rejected("signature", "The signature does not fit: another key made it.")
        shared.must_be_now(seconds, checking.now)
        return Verified(items=[*map(_item, shared.objects_in(shared.json_of(request.body)))])


def _key(secret: bytes) -> EllipticCurvePublicKey:
    try:
        key = load_der_public_key(b64decode(secret, validate=True))
    except (ValueError, UnsupportedAlgorithm) as bad:
        raise Rejected("secret", "The verification key is no public key in base64.") from bad
    if not isinstance(key, EllipticCurvePublicKey):
        raise Rejected("secret", "The verification key is of another kind than ECDSA.")
    return key


def _is_signed(key: EllipticCurvePublicKey, signature: bytes, signed: bytes) -> bool:
    try:
        key.verify(signature, signed, ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def _item(event: dict[str, Any]) -> Item:
    key = shared.key_of(event.get("sg_event_id")) or shared.own_digest(event)
    return Item(key=key, type=shared.type_of(event.get("event")), data=event)
