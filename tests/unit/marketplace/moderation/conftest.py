"""A marketplace with moderation on it: somebody who publishes, somebody who operates."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from geminicrm.app import Core
from geminicrm.identity.actor import PersonActor
from geminicrm.identity.permissions import ROLES
from geminicrm.runtime.consent import InstallRequest
from marketplace.moderation.service import Moderation
from tests.support.core import Tenant, make_tenant
from tests.unit.marketplace.conftest import Author, sign_up

EXTENSION = "deal-insights"


@dataclass
class Market:
    """What a test of moderation turns."""

    core: Core
    tenant: Tenant
    author: Author

    @property
    def moderation(self) -> Moderation:
        return self.core.marketplace.moderation

    def operator(self) -> PersonActor:
        """Give the owner as an operator of the installation."""
        scopes = frozenset({*ROLES["owner"], "operate:instance"})
        return PersonActor(
            "user", self.tenant.owner_id, "Olga Owner", self.tenant.id, scopes, self.tenant.owner_id
        )

    def publish(self, version: str = "1.0.0", **manifest: Any) -> None:
        """Publish a version in public."""
        package = self.author.package(EXTENSION, version=version, **manifest)
        self.core.registry.publish(self.tenant.owner(), package)

    def install(self, version: str | None = None, tenant: Tenant | None = None) -> dict[str, Any]:
        """Install it without a host: the package is not run, only written down as installed."""
        request = InstallRequest(
            extension_id=EXTENSION, version=version, grant="requested", trust=EXTENSION,
            allow_unsigned=True,
        )  # fmt: skip
        owner = (tenant or self.tenant).owner()
        return self.core.life_cycle.install(owner, request).installation

    def state(self, version: str = "1.0.0") -> str:
        """Give the state of a version."""
        return self.moderation.queue.look(self.operator(), EXTENSION, version).version.state

    def latest(self) -> str:
        """Give the version that people get, "" for none."""
        listed = self.core.registry.get(self.tenant.owner(), EXTENSION)[0]
        return listed.latest_version


@pytest.fixture
def market_of(make_core: Callable[..., Core], author: Author) -> Callable[..., Market]:
    """Give a maker of markets; its keywords are settings."""

    def make(**settings: str) -> Market:
        core = make_core(**settings)
        tenant = make_tenant(core, "north")
        sign_up(core, tenant)
        return Market(core, tenant, author)

    return make


@pytest.fixture
def market(market_of: Callable[..., Market]) -> Market:
    """Give a market where nothing waits for a review."""
    return market_of()


@pytest.fixture
def both_markets(market_of: Callable[..., Market], full_database_url: str) -> Market:
    """Give one, once on each engine."""
    return market_of(GEMINICRM_DATABASE_URL=full_database_url)


@pytest.fixture
def reviewed(market_of: Callable[..., Market]) -> Market:
    """Give a market where all waits for a review."""
    return market_of(GEMINICRM_REGISTRY_REVIEW="all")
