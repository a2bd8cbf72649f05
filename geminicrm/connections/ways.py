"""The ways to sign in to an outside service, and what it allows: as a manifest declares them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

MethodType: TypeAlias = Literal[
    "api_key",
    "basic",
    "bearer",
    "oauth2",
    "client_credentials",
    "service_account",
    "mail",
    "access_keys",
]

OAUTH2: Final = frozenset({"oauth2", "client_credentials", "service_account"})
"""The kinds of sign-in whose calls carry an access token."""


@dataclass(frozen=True, slots=True)
class Injection:
    """A header or query parameter that the core fills; `value` names settings in braces."""

    place: Literal["header", "query"]
    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """How much an outside service allows one connection in how many seconds.

    `setting` is where an admin may give another number than `most`.
    """

    id: str
    counts: Literal["requests", "messages"]
    most: int
    seconds: int
    label: str
    setting: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Authentication:
    """One way to sign in to the outside service; addresses and scopes only for kinds of OAuth2.

    `issuer` is what the service calls itself in its answers (RFC 9207); `client_authentication`
    says where client id and secret go at the token endpoint: into the header, or into the body.
    """

    id: str
    type: MethodType
    label: str
    settings: tuple[str, ...]
    inject: tuple[Injection, ...]
    authorization_url: str | None
    token_url: str | None
    revocation_url: str | None
    scopes: tuple[str, ...]
    parameters: Mapping[str, str]
    issuer: str | None = None
    client_authentication: Literal["basic", "post"] = "basic"
