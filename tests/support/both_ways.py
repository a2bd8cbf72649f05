"""Packages made up for a test, installed as the core's own and as a stranger's in a locked host."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from geminicrm.app import Core
from geminicrm.runtime.consent import InstallRequest
from tests.support.core import Tenant
from tests.support.life import files, zipped

Code = tuple[str, dict[str, Any]]
"""The source of an extension, and what its manifest says."""
InstallAll = Callable[[Core, Tenant, Iterable[Code]], None]


def _own(core: Core, _tenant: Tenant, content: bytes) -> None:
    core.registry.offer(content)


def _foreign(core: Core, tenant: Tenant, content: bytes) -> None:
    core.registry.publish(tenant.owner(), content)


@pytest.fixture(params=["in-process", "sandboxed"])
def install_all(request: pytest.FixtureRequest) -> InstallAll:
    """Give a function that installs them, once for each way of running."""
    way: str = request.param
    bring = {"in-process": _own, "sandboxed": _foreign}[way]
    if way == "sandboxed":
        request.getfixturevalue("confining")

    def install(core: Core, tenant: Tenant, packages: Iterable[Code]) -> None:
        for code, facts in packages:
            bring(core, tenant, zipped(files(code, **facts)))
            wish = InstallRequest(extension_id=facts["id"], grant="requested", allow_unsigned=True)
            change = core.life_cycle.install(tenant.owner(), wish)
            assert change.installation["isolation"] == way
        core.runtime.reconcile()

    return install
