import pytest
from structlog.testing import capture_logs

from geminicrm.app import Core
from geminicrm.kernel.errors import Unavailable
from geminicrm.kernel.generation import RUNTIME
from geminicrm.kernel.ids import new_id
from geminicrm.runtime.models import Installation
from marketplace.blobs import Blobs
from marketplace.counts import InstallCounts
from marketplace.search import Query
from marketplace.service import Registry
from tests.support.core import Tenant, make_tenant
from tests.unit.marketplace.conftest import Author, registry_of, sign_up


def install(core: Core, tenant: Tenant, extension_id: str) -> None:
    with core.works.write(tenant.system()) as work:
        work.session.add(
            Installation(
                id=new_id("ins"),
                extension_id=extension_id,
                version="0.1.0",
                digest="d",
                manifest={},
                granted=[],
                settings={},
                created_at=work.now,
                updated_at=work.now,
            )
        )
        core.generations.bump(work, RUNTIME)


def counted(registry: Registry, tenant: Tenant) -> dict[str, int]:
    found = registry.search(tenant.owner(), Query())
    return {listing.id: listing.install_count for listing in found.listings}


def test_installations_of_all_workspaces_count(both_cores: Core, blobs: Blobs, author: Author):
    registry = registry_of(both_cores, blobs)
    north, south = make_tenant(both_cores, "north"), make_tenant(both_cores, "south")
    sign_up(both_cores, north)
    registry.publish(north.owner(), author.package("mail-sync"))
    registry.publish(north.owner(), author.package("lead-scorer"))

    assert counted(registry, north) == {"mail-sync": 0, "lead-scorer": 0}
    install(both_cores, north, "mail-sync")
    install(both_cores, south, "mail-sync")
    install(both_cores, south, "of-another-registry")
    assert counted(registry, north) == {"mail-sync": 2, "lead-scorer": 0}
    assert registry.get(south.owner(), "mail-sync")[0].install_count == 2


def test_what_was_uninstalled_was_installed_once(
    core: Core, registry: Registry, author: Author, tenant: Tenant
):
    sign_up(core, tenant)
    registry.publish(tenant.owner(), author.package("mail-sync"))
    install(core, tenant, "mail-sync")
    assert counted(registry, tenant) == {"mail-sync": 1}
    assert registry.get(tenant.owner(), "mail-sync")[0].active_count == 1

    with core.works.write(tenant.system()) as work:
        work.session.delete(work.session.query(Installation).one())
        core.generations.bump(work, RUNTIME)

    assert counted(registry, tenant) == {"mail-sync": 1}
    assert registry.get(tenant.owner(), "mail-sync")[0].active_count == 0


def test_what_is_switched_off_is_not_active(both_cores: Core, blobs: Blobs, author: Author):
    registry = registry_of(both_cores, blobs)
    north, south = make_tenant(both_cores, "north"), make_tenant(both_cores, "south")
    sign_up(both_cores, north)
    registry.publish(north.owner(), author.package("mail-sync"))
    install(both_cores, north, "mail-sync")
    install(both_cores, south, "mail-sync")
    with both_cores.works.write(south.system()) as work:
        work.session.query(Installation).one().enabled = False
        both_cores.generations.bump(work, RUNTIME)

    listing, _ = registry.get(north.owner(), "mail-sync")
    assert (listing.install_count, listing.active_count) == (2, 1)


def test_nothing_is_counted_while_nothing_changes(core: Core, monkeypatch: pytest.MonkeyPatch):
    counts = InstallCounts(core.works, core.generations)
    counts.refresh()
    monkeypatch.setattr(core.works, "across_workspaces", None)

    counts.refresh()


def test_a_busy_database_puts_the_count_off(
    core: Core, tenant: Tenant, registry: Registry, author: Author, monkeypatch: pytest.MonkeyPatch
):
    def busy(_reason: str, *, write: bool = False) -> None:
        raise Unavailable(f"locked, {write=}")

    sign_up(core, tenant)
    registry.publish(tenant.owner(), author.package("mail-sync"))
    install(core, tenant, "mail-sync")
    with monkeypatch.context() as patched, capture_logs() as logs:
        patched.setattr(core.works, "across_workspaces", busy)
        assert counted(registry, tenant) == {"mail-sync": 0}

    assert logs[0]["event"] == "installations are counted later"
    assert counted(registry, tenant) == {"mail-sync": 1}
