"""The connection of the current call: which account at the outside service is used."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

ConnectionState: TypeAlias = Literal["untested", "connected", "failing", "needs_reauth"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionInfo:
    """One connection, without its credentials: the core puts those into each call by itself.

    `owner` is `workspace` or the id of the user it belongs to; `way` is the id of the entry of the
    manifest's `authentication`; `account` is what the service calls the account, "" before the
    first test; `environment` keeps test data apart from live data. `state` is what the core knows
    of it; with `needs_reauth` somebody has to sign in again.
    """

    id: str
    name: str
    owner: str
    way: str
    account: str
    environment: Literal["live", "test"]
    scopes: tuple[str, ...] = ()
    state: ConnectionState = "untested"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionStatus:
    """How a connection is: whose, at which provider, for what, in which state."""

    provider: str
    types: tuple[str, ...]
    connection: ConnectionInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One step of a test that has several, such as signing in at two servers."""

    name: str
    ok: bool
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What `test_connection` found: the account, and what the credentials may do there.

    `missing` names rights that the integration needs and the credentials lack; `environment` is
    what the service says of itself, None where it says nothing; `stages` are the steps that the
    integration went through by itself.
    """

    id: str
    label: str
    scopes: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    environment: Literal["live", "test"] | None = None
    stages: tuple[Stage, ...] = ()
