import pytest
from sqlalchemy import insert, select

from geminicrm.app import Core
from geminicrm.kernel.audit import AuditEntry
from geminicrm.kernel.errors import Conflict, NotFound, ScopeMissing
from geminicrm.kernel.work import Work
from marketplace import publishing
from marketplace.blobs import Blobs
from marketplace.errors import IdTaken, UnknownExtension, VersionExists
from marketplace.models import RegistryCategory
from marketplace.publishing import Candidate
from marketplace.service import Registry
from marketplace.source import RegistrySource
from tests.support.core import Tenant, make_tenant
from tests.unit.marketplace.conftest import Author, registry_of, sign_up


def test_a_published_version_can_be_found(registry: Registry, author: Author, tenant: Tenant):
    published = registry.publish(tenant.owner(), author.package(version="1.0.0"))
    listing, release = registry.get(tenant.owner(), "deal-insights")

    assert published.created
    assert published.release == release
    assert (listing.publisher, listing.verified, listing.built_in) == ("North", False, False)
    assert (release.version, release.published_by) == ("1.0.0", "Olga Owner")


def test_publishing_is_audited(registry: Registry, author: Author, core: Core, tenant: Tenant):
    registry.publish(tenant.owner(), author.package())

    with core.works.read(tenant.system()) as work:
        entries = work.session.scalars(
            select(AuditEntry).where(AuditEntry.action == "extension.published")
        ).all()
    assert [entry.subject for entry in entries] == ["deal-insights"]


def test_publishing_needs_its_permission(registry: Registry, author: Author, tenant: Tenant):
    with pytest.raises(ScopeMissing):
        registry.publish(tenant.owner("read:extensions"), author.package())


def test_the_same_bytes_again_change_nothing(registry: Registry, author: Author, tenant: Tenant):
    first = registry.publish(tenant.owner(), author.package())
    again = registry.publish(tenant.owner(), author.package())

    assert not again.created
    assert again.release == first.release


def test_a_version_never_changes(registry: Registry, author: Author, tenant: Tenant):
    registry.publish(tenant.owner(), author.package(description="One."))

    with pytest.raises(VersionExists, match="Raise the version"):
        registry.publish(tenant.owner(), author.package(description="Two."))


def test_an_id_belongs_to_its_first_publisher(
    registry: Registry, author: Author, core: Core, tenant: Tenant
):
    south = make_tenant(core, "south")
    sign_up(core, tenant)
    registry.publish(tenant.owner(), author.package(version="1.0.0"))

    with pytest.raises(IdTaken, match="belongs to Acme"):
        registry.publish(south.owner(), author.package(version="2.0.0"))
    sign_up(core, south, "other")
    with pytest.raises(IdTaken, match="belongs to Acme"):
        registry.publish(south.owner(), author.package(version="2.0.0"))


def test_an_id_of_the_core_is_taken(registry: Registry, author: Author, tenant: Tenant):
    registry.offer(author.package(version="1.0.0"))

    with pytest.raises(IdTaken, match="belongs to GeminiCRM Pro"):
        registry.publish(tenant.owner(), author.package(version="2.0.0"))


def test_extensions_of_the_core_are_verified(registry: Registry, author: Author, tenant: Tenant):
    registry.offer(author.package())

    listing, _ = registry.get(tenant.owner(), "deal-insights")

    assert (listing.publisher, listing.verified, listing.built_in) == ("GeminiCRM Pro", True, True)


def test_an_extension_of_the_core_changes_with_its_code(
    registry: Registry, author: Author, tenant: Tenant
):
    registry.offer(author.package(description="One.", version="1.0.0"))
    registry.offer(author.package(description="Two."))

    listing, _ = registry.get(tenant.owner(), "deal-insights")

    assert listing.description == "Two."
    assert len(registry.versions(tenant.owner(), "deal-insights")) == 1


def test_the_same_extension_of_the_core_again_changes_nothing(registry: Registry, author: Author):
    package = author.package()

    assert registry.offer(package).created
    assert not registry.offer(package).created


def test_the_listing_tells_of_the_newest_good_version(
    registry: Registry, author: Author, tenant: Tenant
):
    actor = tenant.owner()
    registry.publish(actor, author.package(version="2.0.0", name="New", categories=["data"]))
    registry.publish(actor, author.package(version="1.0.1", name="Old", categories=["chat"]))
    registry.publish(actor, author.package(version="3.0.0-rc.1", name="Next", categories=[]))

    listing, release = registry.get(actor, "deal-insights")

    assert (listing.name, listing.latest_version, release.version) == ("New", "2.0.0", "2.0.0")
    assert registry.categories(actor) == ["data"]
    versions = registry.versions(actor, "deal-insights")
    assert [each.version for each in versions] == ["3.0.0-rc.1", "2.0.0", "1.0.1"]


def test_a_new_version_moves_the_extension_to_its_categories(
    registry: Registry, author: Author, core: Core, tenant: Tenant
):
    registry.publish(tenant.owner(), author.package(version="1.0.0", categories=["chat", "data"]))
    registry.publish(tenant.owner(), author.package(version="1.1.0", categories=["data"]))

    with core.works.read(tenant.owner()) as work:
        rows = work.session.scalars(select(RegistryCategory)).all()
    assert [row.category for row in rows] == ["data"]


def test_texts_and_icon_come_with_a_version(registry: Registry, author: Author, tenant: Tenant):
    release = registry.publish(tenant.owner(), author.package()).release

    texts = registry.texts(tenant.owner(), release)
    icon = registry.icon(tenant.owner(), "deal-insights")

    assert texts.readme.startswith("# ")
    assert "- One" in texts.changelog
    assert icon is not None
    assert icon.digest == release.digest


def test_an_extension_without_icon_has_none(registry: Registry, author: Author, tenant: Tenant):
    registry.publish(tenant.owner(), author.package(icon=None))

    assert registry.icon(tenant.owner(), "deal-insights") is None


@pytest.mark.parametrize("look", ["get", "versions", "icon"])
def test_an_unknown_extension_is_told(registry: Registry, tenant: Tenant, look: str):
    with pytest.raises(UnknownExtension, match="no extension 'nothing' in the marketplace"):
        getattr(registry, look)(tenant.owner(), "nothing")


def test_the_runtime_finds_the_newest_version_and_any_other(
    registry: Registry, source: RegistrySource, author: Author, tenant: Tenant
):
    registry.publish(tenant.owner(), author.package(version="1.0.0"))
    newest = author.package(version="1.1.0")
    registry.publish(tenant.owner(), newest)

    assert source.find(tenant.id, "deal-insights", "1.0.0").version == "1.0.0"
    found = source.find(tenant.id, "deal-insights", None)
    assert (found.version, found.size, found.built_in) == ("1.1.0", len(newest), False)
    assert source.read(found) == newest


def test_the_runtime_is_told_of_versions_that_are_not_there(
    registry: Registry, source: RegistrySource, author: Author, tenant: Tenant
):
    registry.publish(tenant.owner(), author.package())

    with pytest.raises(NotFound, match=r"version '9\.0\.0' of 'deal-insights'"):
        source.find(tenant.id, "deal-insights", "9.0.0")


def test_both_engines_publish_and_replace(both_cores: Core, blobs: Blobs, author: Author):
    registry = registry_of(both_cores, blobs)
    tenant = make_tenant(both_cores, "north")
    registry.publish(tenant.owner(), author.package(version="1.0.0", categories=["data"]))
    registry.offer(author.package("lead-scorer"))
    registry.offer(author.package("lead-scorer", description="Changed."))

    assert registry.get(tenant.owner(), "lead-scorer")[0].description == "Changed."
    assert registry.categories(tenant.owner()) == ["data"]


def test_two_who_publish_at_once_are_told(
    registry: Registry, author: Author, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
):
    """PostgreSQL lets a second writer pass the checks before the first one's commit."""
    registry.publish(tenant.owner(), author.package(version="1.0.0", name="One"))
    monkeypatch.setattr(publishing, "published_before", lambda _work, _candidate: None)
    monkeypatch.setattr(publishing, "_extension", _unseen)

    with pytest.raises(Conflict, match="at this very moment"):
        registry.publish(tenant.owner(), author.package(version="2.0.0", name="Two"))


def _unseen(work: Work, candidate: Candidate) -> None:
    work.session.execute(
        insert(RegistryCategory).values(
            [{"extension_id": candidate.found.manifest.id, "category": "twice"}] * 2
        )
    )
