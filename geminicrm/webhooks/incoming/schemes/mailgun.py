"""Mailgun's webhooks and forwarded mail.

Source: documentation.mailgun.com, "Securing webhooks": hex of the HMAC-SHA256, with the webhook
signing key, of timestamp and token, which stand in the body: as JSON under `signature`, in a form
as fields. It does not cover the event itself, so all of that hangs on TLS, and a token counts once:
it is the key. 406 tells Mailgun to stop, any other refusal to try again.
"""

import hmac
from dataclasses import dataclass
from typing import Any, Final

from typing_extensions import override

from geminicrm.webhooks.incoming.scheme import Checking, Item, Rejected, Request, Scheme, Verified
from geminicrm.webhooks.incoming.schemes import shared

_PARTS: Final = ("timestamp", "token", "signature")


@dataclass(frozen=True, slots=True)
class _Signed:
    timestamp: str
    token: str
    signature: str


class Mailgun(Scheme):
    """`signature: {timestamp, token, signature}` in JSON, or three fields of a form."""

    name = "mailgun"
    label = "Mailgun"
    needs_secret = True

    @override
    def verify(self, request: Request, checking: Checking) -> Verified:
        """Give the event by its token, which is good for one request."""
        secrets = shared.secrets_of(checking)
        signed, kind, data = _form(request.body) if shared.is_form(request) else _json(request.body)
        said = shared.as_bytes(signed.timestamp + signed.token)
        made = [hmac.digest(secret, said, "sha256").hex().encode() for secret in secrets]
        shared.must_fit([shared.as_bytes(signed.signature)], made)
        told = shared.whole_number(signed.timestamp, "The timestamp")
        shared.must_be_now(told, checking.now)
        key = shared.key_of(signed.token)
        return Verified(items=[Item(key=key, type=shared.type_of(kind), data=data)])


def _form(body: bytes) -> tuple[_Signed, object, dict[str, Any]]:
    fields = shared.fields_of(body)
    signed = _complete(*(shared.only(fields, name) for name in _PARTS))
    return signed, shared.only(fields, "event"), shared.plain_fields(fields)


def _json(body: bytes) -> tuple[_Signed, object, dict[str, Any]]:
    data = shared.json_object(body)
    block, event = data.get("signature"), data.get("event-data")
    if not isinstance(block, dict):
        raise Rejected("signature", "The body has no signature in it.")
    signed = _complete(*(block.get(name) for name in _PARTS))
    return signed, event.get("event") if isinstance(event, dict) else None, data


def _complete(timestamp: object, token: object, signature: object) -> _Signed:
    # A number and a text could be put together in two ways: both must be text, and none empty.
    match timestamp, token, signature:
        case str(), str(), str() if timestamp and token and signature:
            return _Signed(timestamp, token, signature)
    raise Rejected("signature", "The body has no timestamp, token and signature, each as text.")
