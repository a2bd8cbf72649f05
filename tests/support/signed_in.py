"""Connections that sign in with OAuth2, without the code of an integration behind them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from geminicrm.app import Core
from geminicrm.connections.book import NewConnection
from geminicrm.connections.models import Connection
from geminicrm.connections.oauth.token import Token, opened, sealed
from geminicrm.connections.table import Connected, connected
from geminicrm.connections.ways import Authentication
from geminicrm.identity.actor import PersonActor
from geminicrm.kernel.generation import CONNECTIONS
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.vault import Vault
from geminicrm.runtime.models import Installation
from geminicrm.runtime.services import InstalledServices
from tests.support.core import Tenant, make_tenant
from tests.support.manifests import MINIMAL
from tests.support.token_server import CLIENT, SECRET, TokenServer

SESSION = "session-of-olga"
SETTINGS = [
    {"id": "client_id", "type": "text", "label": "Client id"},
    {"id": "client_secret", "type": "password", "label": "Client secret"},
    {"id": "account_key", "type": "password", "label": "Account"},
    {"id": "base_url", "type": "url", "label": "Address"},
]
WAYS: dict[str, dict[str, Any]] = {
    "oauth2": {
        "type": "oauth2",
        "settings": ["client_id", "client_secret"],
        "authorization_url": "{base_url}/authorize?tenant=1",
        "token_url": "{base_url}/token",
        "revocation_url": "{base_url}/revoke",
        "scopes": ["contacts.read", "deals.write"],
        "parameters": {"access_type": "offline", "state": "not-ours"},
    },
    "client_credentials": {
        "type": "client_credentials",
        "settings": ["client_id", "client_secret"],
        "token_url": "{base_url}/token",
        "scopes": ["contacts.read"],
        "client_authentication": "post",
    },
    "service_account": {
        "type": "service_account",
        "settings": ["account_key"],
        "token_url": "{base_url}/token",
        "scopes": ["contacts.read"],
        "parameters": {"sub": "olga@north.example"},
    },
}


@dataclass(frozen=True)
class SignedIn:
    """One connection in a workspace of a core, and the server that it signs in at."""

    core: Core
    tenant: Tenant
    server: TokenServer
    id: str

    @property
    def actor(self) -> PersonActor:
        """Give the owner at a browser."""
        one = self.tenant.owner()
        return PersonActor(
            one.kind, one.id, one.label, one.workspace_id, one.scopes, one.user_id, "owner", SESSION
        )

    @property
    def row(self) -> Connection:
        """Give the row as it is now."""
        with self.core.works.read(self.tenant.system()) as work:
            return work.get(Connection, self.id)

    @property
    def connection(self) -> Connected:
        """Give it as calls see it."""
        return connected(self.row)

    @property
    def way(self) -> Authentication:
        """Give how it signs in."""
        service = InstalledServices(self.core.works).find(self.tenant.id, self.row.extension_id)
        assert service is not None
        return service.way(self.row.way)

    @property
    def token(self) -> Token | None:
        """Give what is stored."""
        return opened(Vault(self.core.cipher), self.row.tokens)

    def change(self, **facts: Any) -> None:
        """Change the row by hand."""
        with self.core.works.write(self.tenant.system()) as work:
            row = work.get(Connection, self.id)
            for name, value in facts.items():
                setattr(row, name, value)
            self.core.generations.bump(work, CONNECTIONS)

    def put_token(self, seconds: float | None = 3600, refresh: str = "refresh-0") -> None:
        """Store the token `access-0`, which ends after so many seconds, None: never."""
        now = self.core.works.clock.now()
        ends = None if seconds is None else now + timedelta(seconds=seconds)
        token = Token(access="access-0", refresh=refresh, issued_at=now - timedelta(hours=1))
        self.change(
            tokens=sealed(Vault(self.core.cipher), token),
            tokens_revision=1,
            token_expires_at=ends,
            refresh_at=None if ends is None else ends - timedelta(seconds=60),
            status="connected",
        )

    def ask(self) -> str:
        """Have an access token."""
        return self.core.oauth.tokens.access_token(self.connection, self.way)

    def begin(self, session: str = SESSION) -> dict[str, str]:
        """Begin a sign-in; give the parameters that the browser takes to the service."""
        with self.core.works.write(self.actor) as work:
            row = work.get(Connection, self.id)
            user_id = self.tenant.owner_id
            address = self.core.oauth.journeys.begin(work, row, user_id, session)
        found = {name: one[0] for name, one in parse_qs(urlsplit(address).query).items()}
        self.server.challenge = found["code_challenge"]
        return {**found, "address": address}

    def finish(self, session: str = SESSION, service: str = "sample", **given: str) -> Any:
        """Come back from the service."""
        return self.core.oauth.journeys.finish(self.actor, service, session, given)


def install(core: Core, tenant: Tenant, way: dict[str, Any], extension_id: str = "sample") -> None:
    """Store an installation of an integration."""
    manifest = {**MINIMAL, "id": extension_id, "name": "Sample", "settings": SETTINGS,
                "authentication": [way]}  # fmt: skip
    with core.works.write(tenant.system()) as work:
        work.session.add(
            Installation(
                id=new_id("inst"),
                workspace_id=tenant.id,
                extension_id=extension_id,
                version="1.0.0",
                digest="sha256:0",
                manifest=manifest,
                granted=[],
                settings={},
                created_at=work.now,
                updated_at=work.now,
            )
        )


def connection_of(
    core: Core, tenant: Tenant, server: TokenServer, kind: str = "oauth2", **config: Any
) -> SignedIn:
    """Connect what is installed."""
    secrets = {} if kind == "service_account" else {"client_secret": SECRET}
    given = {"client_id": CLIENT, "base_url": server.url, **secrets, **config}
    book = core.connections.book
    with core.works.write(tenant.owner()) as work:
        row = book.create(work, NewConnection(service="sample", config=given))
        return SignedIn(core, tenant, server, row.id)


SignIn = Callable[..., SignedIn]


def _maker(core: Core, server: TokenServer) -> SignIn:
    def make(kind: str = "oauth2", config: dict[str, Any] | None = None, **way: Any) -> SignedIn:
        tenant = make_tenant(core, "north")
        install(core, tenant, {**WAYS[kind], **way})
        return connection_of(core, tenant, server, kind, **(config or {}))

    return make


@pytest.fixture
def sign_in_to(open_core: Core, token_server: TokenServer) -> SignIn:
    """Give `sign_in_to(kind, config, **way)`: a connection on SQLite."""
    return _maker(open_core, token_server)


@pytest.fixture
def sign_in_on_both(
    database_url: str, make_core: Callable[..., Core], token_server: TokenServer
) -> SignIn:
    """Give the same, once on each engine."""
    core = make_core(GEMINICRM_DATABASE_URL=database_url, GEMINICRM_EGRESS_ALLOW="127.0.0.0/8")
    return _maker(core, token_server)
