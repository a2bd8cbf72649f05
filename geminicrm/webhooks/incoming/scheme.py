"""What a scheme of signatures is: pure functions over what came in, with no clock and no network.

Every scheme takes a request as it came and the secrets that hold, and says whose it is, or raises
Rejected. What has to be fetched (certificates, key sets) is handed in.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

TOLERANCE_SECONDS: Final = 300
"""So much older or newer than now a time in a signature may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as it came in.

    `url` is the public address that the service was given, with the query as it came; `headers`
    have lower-case names, and every value that came; `body` is untouched.
    """

    method: str
    url: str
    headers: Mapping[str, Sequence[str]]
    body: bytes


Fetch = Callable[[str], bytes]
"""Gives what is at an https address that a scheme names (a certificate, a key set), from a cache.

Raises LookupError where it can't be had now: then nothing is believed, and the service tries again.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checking:
    """What a request is checked with: active secrets (the newest first), the time, options.

    `now` is in seconds since 1970. `options` are those of the manifest's entry and settings that it
    names (an expected audience, say).
    """

    secrets: Sequence[str]
    now: float
    options: Mapping[str, str] = field(default_factory=dict)
    fetch: Fetch | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One event among those of a request; `key` is the same each time that the service sends it.

    `data` is what the extension is handed: parsed JSON, or the fields of a form.
    """

    key: str
    type: str
    data: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a handshake is answered with, once it is verified."""

    status: int
    body: bytes
    content_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """A believed request: the events in it, or a handshake with its answer and no event."""

    items: Sequence[Item]
    reply: Reply | None = None


class Rejected(Exception):
    """A request that is not believed; `part` says which part is wrong, for the signature checker.

    `part` is one of: secret, header, time, signature, body, url, certificate, token. `detail` is a
    sentence for people, and names no secret. `status` is what the service is answered.
    """

    def __init__(self, part: str, detail: str, status: int = 401) -> None:
        super().__init__(detail)
        self.part = part
        self.detail = detail
        self.status = status


class Scheme(Protocol):
    """One way of signing; `name` is what a manifest says.

    `needs_secret` tells that nothing is believed without one (all but those with public keys).
    """

    name: str
    label: str
    needs_secret: bool

    def verify(self, request: Request, checking: Checking) -> Verified:
        """Believe it and give its events, or raise Rejected; never anything else."""
        ...
