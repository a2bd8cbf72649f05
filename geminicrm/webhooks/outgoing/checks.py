"""What an endpoint may be: each check gives every finding, none asks the network."""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from typing import Final

import orjson

from geminicrm.events.catalogue import Catalogue, sample_of
from geminicrm.kernel.errors import Finding
from geminicrm.kernel.events import EventType, matches
from geminicrm.kernel.http.errors import AddressRefused
from geminicrm.kernel.http.guard import AddressGuard
from geminicrm.kernel.work import Actor
from geminicrm.webhooks.outgoing.signing import PREFIX
from geminicrm.webhooks.outgoing.wishes import NewEndpoint

MOST_EVENTS: Final = 100
MOST_HEADERS: Final = 20
MOST_RATE: Final = 1_000
MOST_CONCURRENCY: Final = 50
_LONGEST_URL: Final = 2_000
_LONGEST_DESCRIPTION: Final = 200
_LONGEST_TYPE: Final = 80
_LONGEST_SECRET: Final = 200
_KEY_BYTES: Final = range(24, 65)
_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_VALUE: Final = re.compile(r"[\t\x20-\x7e]{1,2000}")
# Hop-by-hop headers (RFC 9110, section 7.6.1), and those that say what is sent and by whom.
_OURS: Final = frozenset(
    {"host", "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade",
     "trailer", "expect", "date", "user-agent", "accept", "accept-encoding", "via", "forwarded",
     "cookie", "te"}  # codespell:ignore te
)  # fmt: skip
_OUR_PREFIXES: Final = ("content-", "webhook-", "x-webhook-", "proxy-", "x-forwarded-", "sec-")


def endpoint_findings(new: NewEndpoint, catalogue: Catalogue, actor: Actor) -> list[Finding]:
    """Say what is wrong with an endpoint that somebody wants; the address is checked elsewhere."""
    unfit = _unfit(new)
    if unfit:
        return unfit
    return [
        *event_findings(new.events, catalogue, actor),
        *header_findings(new.headers),
        *_figures(new),
        *new.shaping.findings([sample_of(one) for one in types_of(new.events, catalogue)]),
    ]


def types_of(patterns: Sequence[str], catalogue: Catalogue) -> list[EventType]:
    """Give the types that patterns name."""
    return [one for one in catalogue.all() if any(matches(each, one.type) for each in patterns)]


def event_findings(
    patterns: Sequence[str], catalogue: Catalogue, actor: Actor
) -> Sequence[Finding]:
    """Refuse types that there are not, and those that the actor itself may not be told of."""
    if not 0 < len(patterns) <= MOST_EVENTS:
        message = f"Name 1 to {MOST_EVENTS} types of events, such as lead.created or lead.*."
        return [Finding("/events", "wrong_number", message)]
    return [
        finding
        for index, pattern in enumerate(patterns)
        for finding in _pattern(pattern, f"/events/{index}", catalogue, actor)
    ]


def _pattern(pattern: str, pointer: str, catalogue: Catalogue, actor: Actor) -> Sequence[Finding]:
    if len(pattern) > _LONGEST_TYPE or not catalogue.known(pattern):
        message = f"There is no event {pattern[:_LONGEST_TYPE]!r}; /api/event-types lists them."
        return [Finding(pointer, "unknown_type", message)]
    needed = {
        one.scope
        for one in types_of([pattern], catalogue)
        if one.scope is not None and not actor.allows(one.scope)
    }
    if not needed:
        return []
    message = f"To send these takes what {actor.label} lacks: {', '.join(sorted(needed))}."
    return [Finding(pointer, "scope_missing", message)]


def url_findings(url: str, guard: AddressGuard, *, https_only: bool) -> list[Finding]:
    """Check an address as far as that needs no look-up of its name."""
    if len(url) > _LONGEST_URL:
        return [Finding("/url", "too_long", f"Write at most {_LONGEST_URL} characters.")]
    try:
        guard.parse(url, https_only=https_only)
    except AddressRefused as error:
        return [Finding("/url", f"address_{error.reason}", error.detail)]
    return []


def secret_findings(secret: str, *, any_secret: bool) -> list[Finding]:
    """Check a secret that the caller gives."""
    if any_secret and not secret.startswith(PREFIX):
        message = f"Give printable characters, at most {_LONGEST_SECRET}."
        fits = secret.isprintable() and len(secret) <= _LONGEST_SECRET
        return [] if fits else [Finding("/secret", "bad_secret", message)]
    try:
        # Receivers must come to the same bytes, so nothing that is no base64 is passed over.
        raw = base64.b64decode(secret[len(PREFIX) :], validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if secret.startswith(PREFIX) and len(raw) in _KEY_BYTES:
        return []
    message = (
        f"Give {PREFIX} and base64 of 24 to 64 random bytes, or leave it out: then one is made."
    )
    return [Finding("/secret", "bad_secret", message)]


def header_findings(headers: Mapping[str, str | None]) -> list[Finding]:
    """Refuse headers that are not for callers to set, and values that can't be sent."""
    found = [
        Finding(f"/headers/{name[:100]}", "header_refused", wrong)
        for name, value in headers.items()
        for wrong in (_header(name, value),)
        if wrong
    ]
    if len({name.lower() for name in headers}) != len(headers):
        found.append(Finding("/headers", "header_refused", "A name is given twice."))
    if len(headers) > MOST_HEADERS:
        found.append(Finding("/headers", "header_refused", f"At most {MOST_HEADERS} of them."))
    return found


def _header(name: str, value: str | None) -> str:
    if not _NAME.fullmatch(name):
        return "This is no name of a header."
    if name.lower() in _OURS or name.lower().startswith(_OUR_PREFIXES):
        return "We set this ourselves, or it is for the connection alone."
    if value is not None and not _VALUE.fullmatch(value):
        return "Write 1 to 2,000 printable characters of ASCII."
    return ""


def _figures(new: NewEndpoint) -> list[Finding]:
    found = []
    if new.rate is not None and not 1 <= new.rate <= MOST_RATE:
        message = f"Write 1 to {MOST_RATE} a second, or null."
        found.append(Finding("/rate", "out_of_range", message))
    if not 1 <= new.concurrency <= MOST_CONCURRENCY:
        message = f"Write 1 to {MOST_CONCURRENCY}."
        found.append(Finding("/concurrency", "out_of_range", message))
    if len(new.description) > _LONGEST_DESCRIPTION:
        message = f"Write at most {_LONGEST_DESCRIPTION} characters."
        found.append(Finding("/description", "too_long", message))
    return found


def _unfit(new: NewEndpoint) -> list[Finding]:
    texts: Mapping[str, object] = {
        "url": new.url,
        "events": list(new.events),
        "description": new.description,
        "filter": new.shaping.filter,
        "mapping": new.shaping.mapping,
        "template": new.shaping.template,
    }
    return [
        Finding(
            f"/{name}", "unfit_text", "Text can't hold NUL, nor names of members other than text."
        )
        for name, value in texts.items()
        if not _storable(value)
    ]


def _storable(value: object) -> bool:
    try:
        # PostgreSQL has no NUL in text, and UTF-8 no halves of surrogate pairs.
        return b"\\u0000" not in orjson.dumps(value)
    except TypeError:
        return False
