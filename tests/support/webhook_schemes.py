"""Every scheme with its sample, and the schemes that trust the authorities of tests."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

import pytest

from geminicrm.webhooks.incoming.scheme import Rejected, Request, Scheme, Verified
from geminicrm.webhooks.incoming.schemes import SCHEMES
from geminicrm.webhooks.incoming.schemes.paypal import PayPal
from tests.support import webhook_keys as keys
from tests.support import webhook_samples as made
from tests.support.webhook_samples import NOW, Headers, Sample, hmac_of

TRUSTING: Final[Mapping[str, Scheme]] = MappingProxyType(
    {**SCHEMES, "paypal": PayPal(roots=lambda: [keys.authority()])}
)
"""As SCHEMES, but PayPal's certificate may be signed by the authority of tests."""


def mailgun_body(
    secret: str = made.SECRET, at: float = NOW, token: str = "tok-1", **changes: Any
) -> bytes:
    """Give a body as Mailgun sends it: what is signed stands in it."""
    signature = hmac_of(secret.encode(), f"{at}{token}".encode()).hex()
    block = {"timestamp": str(at), "token": token, "signature": signature, **changes}
    return json.dumps({"signature": block, "event-data": {"event": "opened"}}).encode()


def graph_body(*states: str, **more: Any) -> bytes:
    """Give notifications with these client states."""
    value = [
        {"id": f"n-{at}", "subscriptionId": "s-1", "changeType": "updated", "clientState": state}
        for at, state in enumerate(states)
    ]
    return json.dumps({"value": value, **more}).encode()


def plain(body: bytes, secret: str, at: float) -> Headers:
    """Sign nothing in headers."""
    return {"Content-Type": "application/json"}


def highlevel_body(secret: str, at: float) -> bytes:
    """Give a body as HighLevel sends it: the time stands in it."""
    told = datetime.fromtimestamp(at, UTC).isoformat()
    return json.dumps({"type": "ContactCreate", "webhookId": "wh-1", "timestamp": told}).encode()


def fetch_keys(url: str) -> bytes:
    """Give the key sets of issuers and the certificate of PayPal, as the tests have them."""
    if url == keys.CERTIFICATE_URL:
        return keys.chain()
    return json.dumps(keys.key_set(0, 1)).encode()


_SENDGRID: Final = b'[{"sg_event_id":"sg-1","event":"open"}]\r\n'
_SLACK: Final = b'{"type":"event_callback","event_id":"Ev1","event":{"type":"message"}}'
_HUBSPOT: Final = b'[{"eventId":7,"subscriptionId":3,"objectId":1,"subscriptionType":"deal.new"}]'
_PUBSUB: Final = b'{"message":{"messageId":"p-1","data":"e30="},"subscription":"s"}'
_TWILIO: Final = b"MessageSid=SM1&MessageStatus=sent&Body=a+%26+b&To=2&To=1&To=2"
_PADDLE: Final = b'{"event_id":"evt_2","event_type":"transaction.paid"}'
_PAYPAL: Final = b'{"id":"WH-EV-1","event_type":"PAYMENT.CAPTURE.COMPLETED"}'
_EMAIL: Final = "push@project.example"
_HIGHLEVEL_KEYS: Final = {
    "ed25519_key": keys.public(keys.ed_key(0)),
    "rsa_key": keys.public(keys.rsa_key(0)),
}
_GENERIC: Final = {
    "header": "X-Acme-Signature",
    "prefix": "sha256=",
    "timestamp_header": "X-Acme-Time",
    "signed": "{timestamp}/{body}",
    "id_header": "X-Acme-Id",
    "type_header": "X-Acme-Type",
}
_NAMED: Final = {"id_header": "X-Id", "type_header": "X-Type"}
_CHANNEL: Final = {"channel_id": "ch-0 ch-1", "resource_id": "res-1"}


def _digest(body: bytes) -> str:
    return "sha256:" + hashlib.sha256(f"{len(body)}:".encode() + body).hexdigest()


_ALL: Final = (
    Sample(scheme="stripe", sign=made.stripe, key="evt_1", type="order.paid",
           vital=("stripe-signature",)),
    Sample(scheme="twilio", sign=made.twilio, key="SM1:sent", type="message.sent", body=_TWILIO,
           vital=("x-twilio-signature",), timed=False),
    Sample(scheme="slack", sign=made.slack, key="Ev1", type="message", body=_SLACK,
           vital=("x-slack-signature", "x-slack-request-timestamp")),
    Sample(scheme="sendgrid", sign=keys.sendgrid, key="sg-1", type="open", body=_SENDGRID,
           secret=keys.public(keys.ec_key(0)), other=keys.public(keys.ec_key(1)),
           vital=("x-twilio-email-event-webhook-signature",
                  "x-twilio-email-event-webhook-timestamp")),
    Sample(scheme="mailgun", sign=plain, key="tok-1", type="opened", compose=mailgun_body,
           vital=(), covered=False),
    Sample(scheme="github", sign=made.github, key="d-1", type="issues",
           vital=("x-hub-signature-256",), timed=False),
    Sample(scheme="paypal", sign=keys.paypal, key="WH-EV-1", type="PAYMENT.CAPTURE.COMPLETED",
           body=_PAYPAL, secret=keys.WEBHOOK_ID, options={"webhook_id": keys.WEBHOOK_ID},
           fetch=fetch_keys, vital=("paypal-transmission-id", "paypal-transmission-time",
           "paypal-transmission-sig", "paypal-cert-url", "paypal-auth-algo")),
    Sample(scheme="zoom", sign=made.zoom, key=_digest(made.ZOOM), type="meeting.started",
           body=made.ZOOM, vital=("x-zm-signature", "x-zm-request-timestamp")),
    Sample(scheme="hubspot", sign=made.hubspot, key="7:3:1", type="deal.new", body=_HUBSPOT,
           vital=("x-hubspot-signature-v3", "x-hubspot-request-timestamp")),
    Sample(scheme="gohighlevel", sign=keys.highlevel, key="wh-1", type="ContactCreate",
           compose=highlevel_body, options=_HIGHLEVEL_KEYS, vital=("x-ghl-signature",)),
    Sample(scheme="google-push", sign=made.google, key="ch-1:res-1:12", type="exists", body=b"",
           options=_CHANNEL, timed=False, covered=False,
           vital=("x-goog-channel-token", "x-goog-channel-id", "x-goog-resource-id",
                  "x-goog-message-number")),
    Sample(scheme="gmail-pubsub", sign=keys.pubsub, key="p-1", type="message", body=_PUBSUB,
           secret=_EMAIL, options={"audience": "https://crm.example/hooks", "email": _EMAIL},
           fetch=fetch_keys, vital=("authorization",), timed=False, covered=False),
    Sample(scheme="microsoft-graph", sign=plain, key="s-1:n-0", type="updated", vital=(),
           compose=lambda secret, _at: graph_body(secret), timed=False, covered=False),
    Sample(scheme="shared-key", sign=made.make, key="m-1", type="made", options=_NAMED,
           vital=("x-make-apikey",), timed=False, covered=False),
    Sample(scheme="standard-webhooks", sign=made.standard, key="msg_1", type="order.paid",
           secret=made.WHSEC, other=made.OTHER_WHSEC,
           vital=("webhook-id", "webhook-timestamp", "webhook-signature")),
    Sample(scheme="shopify", sign=made.shopify, key="w-1", type="orders/paid",
           vital=("x-shopify-hmac-sha256",), timed=False),
    Sample(scheme="woocommerce", sign=made.woocommerce, key="w-2", type="order.updated",
           vital=("x-wc-webhook-signature",), timed=False),
    Sample(scheme="gitlab", sign=made.gitlab, key="i-1", type="Push Hook",
           vital=("x-gitlab-token",), timed=False, covered=False),
    Sample(scheme="paddle", sign=made.paddle, key="evt_2", type="transaction.paid", body=_PADDLE,
           vital=("paddle-signature",)),
    Sample(scheme="basic-auth", sign=made.basic, key=_digest(made.POSTMARK), type="Delivery",
           body=made.POSTMARK, vital=("authorization",), timed=False, covered=False),
    Sample(scheme="hmac", sign=made.generic, key="a-1", type="acme.done", options=_GENERIC,
           vital=("x-acme-signature", "x-acme-time")),
)  # fmt: skip

SAMPLES: Final[Mapping[str, Sample]] = MappingProxyType({one.scheme: one for one in _ALL})
"""A good request of every scheme, by the scheme's name."""


def verified(sample: Sample, request: Request | None = None, **changes: Any) -> Verified:
    """Verify a request (the sample's own) with the sample's secret, or as `changes` say."""
    checking = replace(sample.checking(), **changes)
    return TRUSTING[sample.scheme].verify(request or sample.request(), checking)


def refused(sample: Sample, request: Request | None = None, **changes: Any) -> Rejected:
    """Give why a request is refused; fails where it is not."""
    with pytest.raises(Rejected) as caught:
        verified(sample, request, **changes)
    return caught.value


def with_headers(request: Request, **changes: Sequence[str]) -> Request:
    """Give the same request with other headers; `_` stands for the hyphen."""
    named = {name.replace("_", "-"): values for name, values in changes.items()}
    return replace(request, headers={**request.headers, **named})


def without(request: Request, name: str) -> Request:
    """Give the same request without a header."""
    kept = {one: values for one, values in request.headers.items() if one != name}
    return replace(request, headers=kept)


def is_believed(sample: Sample, request: Request, *secrets: str) -> bool:
    """Tell whether a scheme gives events of a request, with the sample's options."""
    try:
        return bool(verified(sample, request, secrets=secrets).items)
    except Rejected:
        return False
