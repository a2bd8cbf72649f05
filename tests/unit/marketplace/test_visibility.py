"""What a workspace brought in from a file is its own affair, and takes nobody's id."""

import pytest
from sqlalchemy import select

from geminicrm.app import Core
from geminicrm.kernel.errors import NotFound
from marketplace.blobs import Blobs
from marketplace.errors import IdTaken, UnknownExtension
from marketplace.models import RegistryExtension
from marketplace.service import Registry
from marketplace.source import RegistrySource
from marketplace.visibility import visible_to
from tests.support.core import Tenant, make_tenant
from tests.unit.marketplace.conftest import Author, registry_of, sign_up


def seen_ids(core: Core, tenant: Tenant) -> list[str]:
    with core.works.across_workspaces("see what a workspace sees") as work:
        rows = work.session.scalars(
            select(RegistryExtension).where(visible_to(tenant.id)).order_by(RegistryExtension.id)
        )
        return [f"{row.extension_id} by {row.publisher}" for row in rows]


def test_a_file_is_seen_by_its_workspace_only(both_cores: Core, blobs: Blobs, author: Author):
    registry, source = registry_of(both_cores, blobs), RegistrySource(both_cores.works, blobs)
    north, south = make_tenant(both_cores, "north"), make_tenant(both_cores, "south")
    registry.publish(north.owner(), author.package(version="1.0.0"))

    assert seen_ids(both_cores, north) == ["deal-insights by North"]
    assert seen_ids(both_cores, south) == []
    assert registry.get(north.owner(), "deal-insights")[0].id == "deal-insights"
    assert source.find(north.id, "deal-insights", None).extension_id == "deal-insights"
    assert len(source.versions(north.id, "deal-insights")) == 1
    with pytest.raises(UnknownExtension):
        registry.get(south.owner(), "deal-insights")
    with pytest.raises(UnknownExtension):
        registry.versions(south.owner(), "deal-insights")
    with pytest.raises(UnknownExtension):
        registry.icon(south.owner(), "deal-insights")
    with pytest.raises(UnknownExtension):
        registry.texts(south.owner(), registry.get(north.owner(), "deal-insights")[1])
    with pytest.raises(NotFound):
        source.find(south.id, "deal-insights", "1.0.0")
    assert source.versions(south.id, "deal-insights") == ()


def test_two_workspaces_may_have_one_each(
    core: Core, registry: Registry, author: Author, tenant: Tenant
):
    south = make_tenant(core, "south")
    registry.publish(tenant.owner(), author.package(version="1.0.0", description="One."))
    registry.publish(south.owner(), author.package(version="1.0.0", description="Two."))

    assert registry.get(tenant.owner(), "deal-insights")[0].description == "One."
    assert registry.get(south.owner(), "deal-insights")[0].description == "Two."


def test_a_private_id_is_free_for_a_publisher(
    core: Core, registry: Registry, source: RegistrySource, author: Author, tenant: Tenant
):
    """And the stranger can't slip an upgrade under what the workspace has."""
    south = make_tenant(core, "south")
    registry.publish(tenant.owner(), author.package(version="1.0.0"))
    sign_up(core, south)
    registry.publish(south.owner(), author.package(version="9.0.0"))

    assert seen_ids(core, south) == ["deal-insights by Acme"]
    assert seen_ids(core, tenant) == ["deal-insights by North"]
    assert source.find(tenant.id, "deal-insights", None).version == "1.0.0"
    assert [one.ref.version for one in source.versions(tenant.id, "deal-insights")] == ["1.0.0"]
    with pytest.raises(NotFound):
        source.find(tenant.id, "deal-insights", "9.0.0")
    registry.publish(tenant.system(), author.package(version="1.1.0"))
    assert source.find(tenant.id, "deal-insights", None).version == "1.1.0"


def test_what_a_workspace_publishes_itself_takes_the_place_of_its_own(
    core: Core, registry: Registry, source: RegistrySource, author: Author, tenant: Tenant
):
    registry.publish(tenant.owner(), author.package(version="0.9.0"))
    sign_up(core, tenant)
    registry.publish(tenant.owner(), author.package(version="1.0.0"))

    assert seen_ids(core, tenant) == ["deal-insights by Acme"]
    assert source.find(tenant.id, "deal-insights", None).version == "1.0.0"
    assert source.find(tenant.id, "deal-insights", "0.9.0").publisher_id == tenant.id
    south = make_tenant(core, "south")
    with pytest.raises(NotFound):
        source.find(south.id, "deal-insights", "0.9.0")


def test_its_authors_can_try_the_next_version_in_their_workspace(
    core: Core, registry: Registry, source: RegistrySource, author: Author, tenant: Tenant
):
    sign_up(core, tenant)
    registry.publish(tenant.owner(), author.package(version="1.0.0"))
    registry.publish(tenant.system(), author.package(version="1.1.0"))

    assert seen_ids(core, tenant) == ["deal-insights by North"]
    registry.publish(tenant.owner(), author.package(version="1.1.0", description="Done."))
    assert seen_ids(core, tenant) == ["deal-insights by Acme"]
    assert source.find(tenant.id, "deal-insights", None).version == "1.1.0"
    registry.publish(tenant.system(), author.package(version="1.2.0"))
    assert seen_ids(core, tenant) == ["deal-insights by North"]


def test_a_copy_of_a_published_version_is_that_version(
    core: Core, registry: Registry, author: Author, tenant: Tenant
):
    sign_up(core, tenant)
    package = author.package(version="1.0.0")
    registry.publish(tenant.owner(), package)
    south = make_tenant(core, "south")

    assert not registry.publish(south.owner(), package).created
    assert seen_ids(core, south) == ["deal-insights by Acme"]
    with pytest.raises(IdTaken):
        registry.publish(south.owner(), author.package(version="1.0.1"))
