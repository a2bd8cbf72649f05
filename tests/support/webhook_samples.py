"""Good requests of every scheme, made by other code than that which checks them.

HMAC is written out by RFC 2104, so that not even its library is shared.
"""

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl

from geminicrm.webhooks.incoming.scheme import Checking, Fetch, Request

NOW: Final = 1768471200  # 2026-01-15T10:00:00Z
URL: Final = "https://crm.example/hooks/in/abc?a=b"
FORM: Final = "application/x-www-form-urlencoded"
SECRET: Final = "a secret of samples"
OTHER: Final = "another secret of samples"
WHSEC: Final = "whsec_exampleexampleexampleexample"
OTHER_WHSEC: Final = "whsec_sampleSAMPLEsampleSAMPLEsamp"
EVENT: Final = b'{"id":"evt_1","type":"order.paid","n":"\xc3\xa9 & more"}'
ZOOM: Final = b'{"event":"meeting.started","event_ts":1768471200000,"payload":{}}'
POSTMARK: Final = b'{"RecordType":"Delivery","MessageID":"m"}'

Headers = Mapping[str, str]
Sign = Callable[[bytes, str, float], Headers]
Compose = Callable[[str, float], bytes]


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One scheme: `sign(body, secret, at)` gives the headers of a good request.

    `compose(secret, at)` makes the body where secret or time stand in it. `vital` are the headers
    it can't do without; `key` and `type` are of the event in `body`. `timed` and `covered` tell
    whether time and body are signed.
    """

    scheme: str
    sign: Sign
    body: bytes = EVENT
    vital: tuple[str, ...]
    key: str
    type: str
    secret: str = SECRET
    other: str = OTHER
    timed: bool = True
    covered: bool = True
    url: str = URL
    method: str = "POST"
    options: Mapping[str, str] = field(default_factory=dict)
    fetch: Fetch | None = None
    compose: Compose | None = None

    def request(
        self, body: bytes | None = None, secret: str | None = None, at: float = NOW
    ) -> Request:
        """Give a request as the service would send it."""
        by = self.secret if secret is None else secret
        composed = self.compose(by, at) if self.compose else self.body
        content = composed if body is None else body
        headers = self.sign(content, by, at)
        return Request(
            method=self.method,
            url=self.url,
            headers={name.lower(): [value] for name, value in headers.items()},
            body=content,
        )

    def checking(self, *secrets: str, now: float = NOW) -> Checking:
        """Give what it is checked with; without arguments its own secret."""
        return Checking(
            secrets=secrets or (self.secret,), now=now, options=self.options, fetch=self.fetch
        )


def hmac_of(secret: bytes, text: bytes, algorithm: str = "sha256") -> bytes:
    """HMAC by RFC 2104, written out."""
    size = hashlib.new(algorithm).block_size
    key = hashlib.new(algorithm, secret).digest() if len(secret) > size else secret
    padded = key.ljust(size, b"\0")
    inner = hashlib.new(algorithm, bytes(one ^ 0x36 for one in padded) + text).digest()
    return hashlib.new(algorithm, bytes(one ^ 0x5C for one in padded) + inner).digest()


def _hex(secret: str, text: bytes) -> str:
    return hmac_of(secret.encode(), text).hex()


def _base64(secret: str, text: bytes, algorithm: str = "sha256") -> str:
    return b64encode(hmac_of(secret.encode(), text, algorithm)).decode()


def stripe(body: bytes, secret: str, at: float) -> Headers:
    return {"Stripe-Signature": f"t={at},v1={_hex(secret, f'{at}.'.encode() + body)}"}


def twilio(body: bytes, secret: str, at: float) -> Headers:
    pairs = sorted(set(parse_qsl(body.decode(), keep_blank_values=True)))
    text = URL + "".join(name + value for name, value in pairs)
    signature = _base64(secret, text.encode(), "sha1")
    return {"X-Twilio-Signature": signature, "Content-Type": FORM}


def slack(body: bytes, secret: str, at: float) -> Headers:
    signature = "v0=" + _hex(secret, f"v0:{at}:".encode() + body)
    return {"X-Slack-Signature": signature, "X-Slack-Request-Timestamp": str(at)}


def zoom(body: bytes, secret: str, at: float) -> Headers:
    signature = "v0=" + _hex(secret, f"v0:{at}:".encode() + body)
    return {"x-zm-signature": signature, "x-zm-request-timestamp": str(at)}


def hubspot(body: bytes, secret: str, at: float) -> Headers:
    told = str(int(at * 1000))
    signature = _base64(secret, f"POST{URL}".encode() + body + told.encode())
    return {"X-HubSpot-Signature-v3": signature, "X-HubSpot-Request-Timestamp": told}


def github(body: bytes, secret: str, at: float) -> Headers:
    return {
        "X-Hub-Signature-256": f"sha256={_hex(secret, body)}",
        "X-GitHub-Event": "issues",
        "X-GitHub-Delivery": "d-1",
    }


def shopify(body: bytes, secret: str, at: float) -> Headers:
    return {
        "X-Shopify-Hmac-SHA256": _base64(secret, body),
        "X-Shopify-Topic": "orders/paid",
        "X-Shopify-Webhook-Id": "w-1",
    }


def woocommerce(body: bytes, secret: str, at: float) -> Headers:
    return {
        "X-WC-Webhook-Signature": _base64(secret, body),
        "X-WC-Webhook-Topic": "order.updated",
        "X-WC-Webhook-Delivery-ID": "w-2",
    }


def gitlab(body: bytes, secret: str, at: float) -> Headers:
    return {"X-Gitlab-Token": secret, "X-Gitlab-Event": "Push Hook", "Idempotency-Key": "i-1"}


def paddle(body: bytes, secret: str, at: float) -> Headers:
    return {"Paddle-Signature": f"ts={at};h1={_hex(secret, f'{at}:'.encode() + body)}"}


def standard(body: bytes, secret: str, at: float) -> Headers:
    # Base64 by the standard's own words: what follows whsec_.
    key = b64decode(secret[6:])
    signed = f"msg_1.{at}.".encode() + body
    signature = "v1," + b64encode(hmac_of(key, signed)).decode()
    return {"webhook-id": "msg_1", "webhook-timestamp": str(at), "webhook-signature": signature}


def generic(body: bytes, secret: str, at: float) -> Headers:
    return {"X-Acme-Signature": "sha256=" + _hex(secret, f"{at}/".encode() + body),
            "X-Acme-Time": str(at), "X-Acme-Id": "a-1", "X-Acme-Type": "acme.done"}  # fmt: skip


def make(body: bytes, secret: str, at: float) -> Headers:
    return {"x-make-apikey": secret, "X-Id": "m-1", "X-Type": "made"}


def basic(body: bytes, secret: str, at: float) -> Headers:
    return {"Authorization": "Basic " + b64encode(secret.encode()).decode()}


def google(body: bytes, secret: str, at: float) -> Headers:
    return {
        "X-Goog-Channel-Token": secret,
        "X-Goog-Channel-ID": "ch-1",
        "X-Goog-Resource-ID": "res-1",
        "X-Goog-Resource-State": "exists",
        "X-Goog-Message-Number": "12",
    }
