"""The extensions that come with the core, installed through the public door."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from geminicrm.app import Core
from geminicrm.runtime.consent import InstallRequest
from geminicrm.runtime.install.drafting import Examined
from marketplace.offer import built_in_folder
from marketplace.packages import PackedFile, pack
from tests.support.core import Tenant, make_tenant
from tests.support.working import Hands


@dataclass(frozen=True)
class BuiltIn:
    """One of them, installed in a workspace of a core."""

    core: Core
    tenant: Tenant
    id: str

    def configure(self, **settings: Any) -> None:
        """Change settings, and let this process see it."""
        self.core.life_cycle.configure(self.tenant.owner(), self.id, settings)
        self.core.runtime.reconcile()

    def relay(self) -> None:
        """Hand out all events that are due now."""
        hands = Hands(self.core, self.core.sinks())
        try:
            hands.work()
        finally:
            hands.close()


@dataclass(frozen=True)
class Installer:
    """Installs one, as the core's own or, the same package, as a stranger's in a locked host.

    In process it runs from its own folder, so that its coverage is measured. The child process
    that tries it first takes a second: once is enough in a test run.
    """

    core: Core
    tenant: Tenant
    tried: set[str]
    way: str = "in-process"

    def __call__(self, extension_id: str) -> BuiltIn:
        """Install it."""
        own = built_in_folder() / extension_id.replace("-", "_")
        package = pack(own, self.core.settings.home)
        {"in-process": self._offer, "sandboxed": self._publish}[self.way](own, package)
        installed = self.core.life_cycle.get(self.tenant.owner(), extension_id)
        assert installed["isolation"] == self.way
        self.core.runtime.reconcile()
        return BuiltIn(self.core, self.tenant, extension_id)

    def _publish(self, _own: Path, package: PackedFile) -> None:
        content = package.path.read_bytes()
        published = self.core.registry.publish(self.tenant.owner(), content).release
        request = InstallRequest(
            extension_id=published.extension_id, grant="requested", allow_unsigned=True
        )
        self.core.life_cycle.install(self.tenant.owner(), request)

    def _offer(self, own: Path, package: PackedFile) -> None:
        published = self.core.registry.offer(package.path.read_bytes()).release
        packages = self.core.settings.home / "packages"
        packages.mkdir(exist_ok=True)
        (packages / package.digest.removeprefix("sha256:")).symlink_to(own)
        request = InstallRequest(extension_id=published.extension_id, grant="requested")
        with pytest.MonkeyPatch.context() as patch:
            if package.digest in self.tried:
                patch.setattr(self.core.runtime.runner, "probe", lambda _draft: Examined())
            self.core.life_cycle.install(self.tenant.owner(), request)
        self.tried.add(package.digest)


@pytest.fixture(scope="session")
def tried() -> set[str]:
    """Give the digests that a child process has tried."""
    return set()


@pytest.fixture
def way() -> str:
    """Give the isolation that `built_in` installs with."""
    return "in-process"


@pytest.fixture
def built_in(core: Core, tenant: Tenant, tried: set[str], way: str) -> Installer:
    """Give a function that installs one in `tenant` of `core`."""
    return Installer(core, tenant, tried, way)


@pytest.fixture
def open_core(make_core: Callable[..., Core]) -> Core:
    """Give a core that may call the loopback."""
    return make_core(GEMINICRM_EGRESS_ALLOW="127.0.0.0/8", GEMINICRM_ALLOW_UNSIGNED="yes")


@pytest.fixture
def open_built_in(open_core: Core, tried: set[str], way: str) -> Installer:
    """Give a function that installs one in a workspace of a core that may call the loopback."""
    return Installer(open_core, make_tenant(open_core, "north"), tried, way)
