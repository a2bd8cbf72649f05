"""HMAC as most other services do it, told by options.

Options: `header` (where the signature stands; needed), `algorithm` (sha256, sha512; sha1 for those
who have nothing better: HMAC does not lean on what is broken in it), `encoding` (hex, base64),
`prefix` (in front of the signature, as `sha256=`), `timestamp_header` (seconds, or milliseconds)
and `signed` (what is signed, with {body}, {timestamp}, {method} and {url} in it; the body alone
where it is left out), `id_header` and `type_header` (the event's id and type).
Source: RFC 2104.
"""

import hmac
import re
from base64 import b64encode
from collections.abc import Mapping
from typing import Final

from typing_extensions import override

from geminicrm.webhooks.incoming.scheme import Checking, Item, Rejected, Request, Scheme, Verified
from geminicrm.webhooks.incoming.schemes import shared

_ALGORITHMS: Final = ("sha256", "sha512", "sha1")
_ENCODINGS: Final = ("hex", "base64")
_PLACE: Final = re.compile(r"\{(body|timestamp|method|url)\}")
_MILLISECONDS: Final = 1000
_IN_MILLISECONDS: Final = 100_000_000_000  # as seconds this is the year 5138


class GenericHmac(Scheme):
    """HMAC under any header's name."""

    name = "hmac"
    label = "HMAC signature"
    needs_secret = True

    @override
    def verify(self, request: Request, checking: Checking) -> Verified:
        """Give the request as one event, by its id header or the digest of its bytes and time."""
        secrets = shared.secrets_of(checking)
        options = checking.options
        name = shared.option(checking, "header").lower()
        given = _without_prefix(shared.header(request, name), options.get("prefix", ""), name)
        told = _told(request, options)
        signed = _signed(request, options, told)
        must = [_encoded(secret, signed, options) for secret in secrets]
        shared.must_fit([_comparable(given, options)], must)
        if told:
            shared.must_be_now(_seconds(told), checking.now)
        return Verified(items=[_item(request, options, told)])


def _chosen(options: Mapping[str, str], name: str, known: tuple[str, ...]) -> str:
    value = options.get(name) or known[0]
    if value not in known:
        raise Rejected("secret", f'The option "{name}" must be one of {", ".join(known)}.')
    return value


def _without_prefix(given: str, prefix: str, name: str) -> str:
    if not given.startswith(prefix):
        raise Rejected("header", f"The header {name} does not begin with {prefix}")
    return given.removeprefix(prefix)


def _told(request: Request, options: Mapping[str, str]) -> str:
    name = options.get("timestamp_header", "").lower()
    signs_time = "{timestamp}" in options.get("signed", "")
    if bool(name) != signs_time:
        # A time that nobody signed could be changed by whoever sends the request again.
        raise Rejected("secret", "A time must have its header and be part of what is signed.")
    return shared.header(request, name) if name else ""


def _seconds(told: str) -> float:
    number = shared.whole_number(told, "The header of the time")
    return number / _MILLISECONDS if number >= _IN_MILLISECONDS else number


def _signed(request: Request, options: Mapping[str, str], told: str) -> bytes:
    parts = {
        "body": request.body,
        "timestamp": told.encode(),
        "method": shared.as_bytes(request.method.upper()),
        "url": shared.as_bytes(request.url),
    }
    template = options.get("signed") or "{body}"
    if "{body}" not in template:
        raise Rejected("secret", 'The option "signed" must have {body} in it.')
    # Odd places of the split are the names in braces.
    pieces = _PLACE.split(template)
    named = (parts[piece] if at % 2 else shared.as_bytes(piece) for at, piece in enumerate(pieces))
    return b"".join(named)


def _encoded(secret: bytes, signed: bytes, options: Mapping[str, str]) -> bytes:
    raw = hmac.digest(secret, signed, _chosen(options, "algorithm", _ALGORITHMS))
    is_hex = _chosen(options, "encoding", _ENCODINGS) == "hex"
    return raw.hex().encode() if is_hex else b64encode(raw)


def _comparable(given: str, options: Mapping[str, str]) -> bytes:
    is_hex = _chosen(options, "encoding", _ENCODINGS) == "hex"
    return (given.lower() if is_hex else given).encode()


def _item(request: Request, options: Mapping[str, str], told: str) -> Item:
    key = shared.key_of(shared.named_header(request, options, "id_header"))
    return Item(
        key=key or shared.digest(request.body, told.encode()),
        type=shared.type_of(shared.named_header(request, options, "type_header")),
        data=shared.anything_in(request),
    )
