"""Well-known mistakes with signatures: what a request or a secret would be without each of them.

Pure functions, for the signature checker: each gives sentences and what would have to hold.
"""

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from geminicrm.webhooks.incoming.scheme import Checking, Request
from geminicrm.webhooks.incoming.schemes.shared import as_bytes

_PREFIX: Final = "whsec_"
_MARK: Final = b"\xef\xbb\xbf"
_SIGNATURES: Final = ("signature", "hmac", "-sig")
_HEX: Final = re.compile(r"(?<![0-9A-Za-z])[0-9A-Fa-f]{64}(?![0-9A-Za-z])")
_BASE64: Final = re.compile(r"(?<![0-9A-Za-z+/_-])[0-9A-Za-z+/_-]{43}=(?![0-9A-Za-z=])")
_ANEW: Final = (
    "The signature fits the JSON {how}: the body was read and written anew on its way. Sign, send "
    "and check the bytes as they are."
)
_KEY_SPACES: Final = (
    "The signature fits the secret without the spaces or line ends around it: take them out."
)
_KEY_BARE: Final = (
    f"The signature fits the secret without {_PREFIX}: it was made with what stands behind it."
)
_KEY_PREFIXED: Final = (
    f"The signature fits the secret with {_PREFIX} in front: it belongs to the secret."
)
_KEY_AS_IT_IS: Final = (
    f"The signature is made with the secret as it is written, {_PREFIX} and all: what stands "
    "behind that must be base64-decoded first."
)
_KEY_NOT_DECODED: Final = (
    f"The signature is made with what stands behind {_PREFIX} as it is written: it must be "
    "base64-decoded first."
)
_PROXY: Final = "Set the public address, and the proxies in front of this server."
_OTHER_SCHEME: Final = "The signature fits the address with {other}:// in front. " + _PROXY
_OTHER_PORT: Final = "The signature fits the address without its port. " + _PROXY
_OTHER_SLASH: Final = (
    "The signature fits the address with another slash at its end: enter it at the service as it "
    "stands here."
)
_OTHER_QUERY: Final = "The signature fits the address without what stands behind its question mark."

Mended = tuple[str, Request, Checking]
"""A sentence, and what would be checked if the mistake had not been made."""


def mended(request: Request, checking: Checking) -> Iterator[Mended]:
    """Give every mistake that is known, the likeliest first."""
    for sentence, body in _bodies(request.body):
        yield sentence, replace(request, body=body), checking
    for sentence, secrets in _secrets(checking):
        yield sentence, request, replace(checking, secrets=secrets)
    for sentence, url in _addresses(request.url):
        yield sentence, replace(request, url=url), checking
    for sentence, headers in _headers(request):
        yield sentence, replace(request, headers=headers), checking


def _bodies(body: bytes) -> Iterator[tuple[str, bytes]]:
    yield (
        "The signature fits the body without the line end behind it: it was added on its way.",
        body.rstrip(b"\r\n"),
    )
    gone = "The signature fits the body with a line end behind it: it was lost on its way."
    yield gone, body + b"\n"
    yield gone, body + b"\r\n"
    ends = "The signature fits the body with other line ends: they were changed on its way."
    yield ends, body.replace(b"\r\n", b"\n")
    yield ends, body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    yield "The signature fits the body without the spaces around it.", body.strip()
    yield (
        "The signature fits the body without its byte order mark.",
        body.removeprefix(b"\xef\xbb\xbf"),
    )
    yield from _written_anew(body)
    yield "The signature fits an empty body: it was made before the body was there.", b""
    yield from _as_latin_1(body)


def _written_anew(body: bytes) -> Iterator[tuple[str, bytes]]:
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return
    looks: tuple[tuple[str, dict[str, Any]], ...] = (
        ("without spaces", {"separators": (",", ":")}),
        ("with a space behind each comma and colon", {}),
        ("in lines, indented by two", {"indent": 2}),
        ("in lines, indented by four", {"indent": 4}),
    )
    for how, look in looks:
        for is_ascii in (False, True):
            for is_sorted in (False, True):
                text = json.dumps(data, ensure_ascii=is_ascii, sort_keys=is_sorted, **look)
                yield _ANEW.format(how=how), as_bytes(text)


def _as_latin_1(body: bytes) -> Iterator[tuple[str, bytes]]:
    try:
        encoded = body.decode().encode("latin-1")
    except UnicodeError:
        return
    yield "The signature fits the body in Latin-1: it must be signed as UTF-8.", encoded


def _secrets(checking: Checking) -> Iterator[tuple[str, list[str]]]:
    secrets = [secret for secret in checking.secrets if secret]
    behind = [secret.removeprefix(_PREFIX) for secret in secrets]
    yield _KEY_SPACES, [secret.strip() for secret in secrets]
    yield _KEY_BARE, behind
    yield _KEY_PREFIXED, [_PREFIX + secret for secret in secrets]
    yield _KEY_AS_IT_IS, [*map(_encoded, secrets)]
    yield _KEY_NOT_DECODED, [*map(_encoded, behind)]


def _encoded(secret: str) -> str:
    return _PREFIX + b64encode(as_bytes(secret)).decode()


def _addresses(url: str) -> Iterator[tuple[str, str]]:
    try:
        split = urlsplit(url)
        host = split.hostname or ""
    except ValueError:
        return
    other = {"http": "https", "https": "http"}.get(split.scheme, split.scheme)
    path = split.path.rstrip("/") if split.path.endswith("/") else split.path + "/"
    yield _OTHER_SCHEME.format(other=other), urlunsplit(split._replace(scheme=other))
    yield _OTHER_PORT, urlunsplit(split._replace(netloc=host))
    yield _OTHER_SLASH, urlunsplit(split._replace(path=path))
    yield _OTHER_QUERY, urlunsplit(split._replace(query=""))


def _headers(request: Request) -> Iterator[tuple[str, dict[str, list[str]]]]:
    changes = (
        ("The signature fits in small letters: it was sent in capitals.", str.lower),
        ("The signature fits without the quotation marks around it.", _unquoted),
        ("The signature fits with + for each space: the plus was read as one.", _plus),
        ("The signature fits as ordinary base64: - and _ stand for + and / in it.", _ordinary),
        ("The signature fits as base64: it was sent in hex.", _from_hex),
        ("The signature fits in hex: it was sent as base64.", _from_base64),
        ("The signature fits with sha256= in front.", "sha256={}".format),
        ("The signature fits with v0= in front.", "v0={}".format),
        ("The signature fits with v1, in front.", "v1,{}".format),
        ("The signature fits without what stands in front of it.", _bare),
    )
    for sentence, change in changes:
        yield (
            sentence,
            {
                name: [change(value) for value in values] if _is_signature(name) else list(values)
                for name, values in request.headers.items()
            },
        )


def _is_signature(name: str) -> bool:
    return any(part in name for part in _SIGNATURES)


def _unquoted(value: str) -> str:
    return value.strip("\"'")


def _plus(value: str) -> str:
    return value.strip().replace(" ", "+")


def _ordinary(value: str) -> str:
    return value.replace("-", "+").replace("_", "/")


def _from_hex(value: str) -> str:
    return _HEX.sub(lambda found: b64encode(bytes.fromhex(found[0])).decode(), value)


def _from_base64(value: str) -> str:
    return _BASE64.sub(lambda found: b64decode(_ordinary(found[0])).hex(), value)


def _bare(value: str) -> str:
    return re.sub(r"^[a-z0-9]+[=,]", "", value)
