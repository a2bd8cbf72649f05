"""Twilio's webhooks for messages and calls.

Source: twilio.com/docs/usage/security, "Validating requests": base64 of the HMAC-SHA1, with the
auth token, of the whole address and each field's name and value, sorted. A body of JSON is not
signed itself: the address carries its hash, `bodySHA256`. X-Twilio-Webhooks-Signature-Settings
tells of HMAC-SHA256. Whether the address is signed with its port differs between Twilio's
products, so both are tried.
"""

import hmac
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any, Final
from urllib.parse import urlsplit

from typing_extensions import override

from geminicrm.webhooks.incoming.scheme import Checking, Item, Rejected, Request, Scheme, Verified
from geminicrm.webhooks.incoming.schemes import shared

_HEADER: Final = "x-twilio-signature"
_SETTINGS: Final = "x-twilio-webhooks-signature-settings"
_IDEMPOTENCY: Final = "i-twilio-idempotency-token"
_FORBIDDEN: Final = 403
_ALGORITHMS: Final = {"HMAC_SHA1": "sha1", "HMAC_SHA256": "sha256"}
_SPLIT: Final = re.compile(r"(https?)(://[^/?#:]+)(:\d+)?([/?#].*)?", re.DOTALL)
_PORTS: Final = {"http": ":80", "https": ":443"}
_ABOUT: Final = (
    ("MessageSid", "message", ("MessageStatus", "SmsStatus")),
    ("SmsSid", "message", ("SmsStatus",)),
    ("CallSid", "call", ("CallStatus",)),
)
_Fields = Mapping[str, Sequence[str]]


class Twilio(Scheme):
    """`X-Twilio-Signature: <base64>` over the public address and the fields."""

    name = "twilio"
    label = "Twilio"
    needs_secret = True

    @override
    def verify(self, request: Request, checking: Checking) -> Verified:
        """Give a message or call by its id and status, with what else it says."""
        secrets = shared.secrets_of(checking)
        given = shared.header(request, _HEADER).encode()
        algorithm = _algorithm(request)
        form = shared.fields_of(request.body) if shared.is_form(request) else {}
        # Sorted by what is signed, each name and value: equal ones count once.
        tail = "".join(name + one for name in sorted(form) for one in sorted(set(form[name])))
        texts = [shared.as_bytes(url + tail) for url in _addresses(request.url)]
        made = [
            b64encode(hmac.digest(secret, text, algorithm)) for secret in secrets for text in texts
        ]
        shared.must_fit([given], made, _FORBIDDEN)
        return Verified(items=[*_items(request, form)])


def _algorithm(request: Request) -> str:
    settings = shared.optional_header(request, _SETTINGS) or ""
    parts = [part.strip().partition("=") for part in settings.split(",")]
    named = [value for name, _, value in parts if name == "algorithm"] or ["HMAC_SHA1"]
    if len(named) > 1 or named[0].upper() not in _ALGORITHMS:
        raise Rejected("header", f"The header {_SETTINGS} names no algorithm known here.")
    return _ALGORITHMS[named[0].upper()]


def _addresses(url: str) -> Iterator[str]:
    yield url
    match = _SPLIT.fullmatch(url)
    if match:
        scheme, host, port, rest = match.groups(default="")
        yield f"{scheme}{host}{rest}" if port else f"{scheme}{host}{_PORTS[scheme]}{rest}"


def _items(request: Request, form: _Fields) -> Iterator[Item]:
    query = _query(request.url)
    if form or not (request.body or "bodySHA256" in query):
        yield _item(request, form or query)
        return
    told = shared.only(query, "bodySHA256").lower()
    if not hmac.compare_digest(shared.as_bytes(told), sha256(request.body).hexdigest().encode()):
        raise Rejected("body", "The body is not the one whose hash the address has.", _FORBIDDEN)
    for event in shared.objects_in(shared.json_of(request.body)):
        yield _from_json(event)


def _query(url: str) -> _Fields:
    try:
        return shared.fields_of(shared.as_bytes(urlsplit(url).query))
    except ValueError as bad:
        raise Rejected("url", "The address can't be read.", _FORBIDDEN) from bad


def _item(request: Request, fields: _Fields) -> Item:
    data = shared.plain_fields(fields)
    for name, about, statuses in _ABOUT:
        if name in data:
            status = next((data[one] for one in statuses if one in data), "")
            key, kind = _key(data, name, status), f"{about}.{status}" if status else about
            return Item(key=key, type=shared.type_of(kind), data=data)
    token = shared.optional_header(request, _IDEMPOTENCY)
    fallback = shared.digest(shared.as_bytes(request.url), request.body)
    return Item(key=shared.key_of(token) or fallback, type="", data=data)


def _key(data: dict[str, Any], name: str, status: object) -> str:
    if name == "CallSid":
        # A call says several things in one status (what was typed, then what was said): they differ
        # in their fields, and what is sent again has the same.
        return shared.key_of(data[name], shared.own_digest(data)) or shared.own_digest(data)
    return shared.key_of(data[name], status) or shared.own_digest(data)


def _from_json(event: dict[str, Any]) -> Item:
    key = shared.key_of(event.get("id")) or shared.own_digest(event)
    kind = event.get("type") or event.get("EventType")
    return Item(key=key, type=shared.type_of(kind), data=event)
