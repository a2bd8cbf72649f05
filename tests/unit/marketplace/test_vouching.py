"""What somebody who changes the database, or sits in between, might try with a version."""

import json
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import delete, select

from geminicrm.app import Core
from geminicrm.runtime.install.offers import PackageRef
from geminicrm.runtime.install.state import Refused
from marketplace.blobs import Blobs, digest_of
from marketplace.models import RegistryExtension, RegistryVersion
from marketplace.publishers.models import PublisherKey
from marketplace.service import Registry
from marketplace.signed_package import join_package
from marketplace.signing.envelope import canonical, sign, sign_package, signature_dicts
from marketplace.signing.keys import SigningKey
from marketplace.source import RegistrySource
from marketplace.trust import build_keys, build_vouching
from marketplace.vouching import Vouching
from tests.support.core import Tenant, make_tenant
from tests.unit.marketplace.conftest import Author, registry_of, sign_up

KEY = SigningKey.make()


@pytest.fixture
def vouch(core: Core, registry: Registry) -> Vouching:
    return vouching(core, registry)


def vouching(core: Core, registry: Registry) -> Vouching:
    return build_vouching(build_keys(core.works, core.cipher), registry.has_offered)


def add_key(core: Core, tenant: Tenant, key: SigningKey = KEY, slug: str = "acme") -> None:
    """Give a publisher a key."""
    core.marketplace.publishers.keys.add(tenant.owner(), slug, "Laptop", key.public)


@pytest.fixture
def signed(core: Core, registry: Registry, author: Author, tenant: Tenant) -> str:
    """Publish a signed version; give the workspace it is looked at from."""
    publish_signed(core, registry, author, tenant)
    return tenant.id


def publish_signed(core: Core, registry: Registry, author: Author, tenant: Tenant) -> None:
    sign_up(core, tenant)
    add_key(core, tenant)
    package = author.package(version="1.0.0")
    registry.publish(tenant.owner(), join_package(package, sign_package(digest_of(package), KEY)))


def change(core: Core, model: type[Any], **facts: Any) -> None:
    """Write into the database behind everybody's back."""
    with core.works.across_workspaces("tamper", write=True) as work:
        for row in work.session.scalars(select(model)):
            for name, value in facts.items():
                setattr(row, name, value)


def found(source: RegistrySource, workspace_id: str) -> PackageRef:
    return source.find(workspace_id, "deal-insights", None)


def refused(vouch: Vouching, ref: PackageRef, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        vouch(ref)


def test_a_signed_version_is_known_by_its_key(both_cores: Core, blobs: Blobs, author: Author):
    tenant = make_tenant(both_cores, "north")
    registry = registry_of(both_cores, blobs)
    publish_signed(both_cores, registry, author, tenant)
    ref = found(RegistrySource(both_cores.works, blobs), tenant.id)

    proved = vouching(both_cores, registry)(ref)

    assert (proved.signed, proved.built_in) == (True, False)
    assert proved.signature is not None
    assert proved.signature.key_id == KEY.id


def test_an_unsigned_version_is_known_as_such(
    registry: Registry, source: RegistrySource, vouch: Vouching, author: Author, tenant: Tenant
):
    registry.publish(tenant.owner(), author.package())

    assert not vouch(found(source, tenant.id)).signed


def test_blobs_hold_the_unsigned_bytes(source: RegistrySource, author: Author, signed: str):
    assert source.read(found(source, signed)) == author.package(version="1.0.0")


def test_a_version_without_record_is_refused(
    core: Core, source: RegistrySource, vouch: Vouching, signed: str
):
    change(core, RegistryVersion, record=None)
    refused(vouch, found(source, signed), "no signed record")
    # Nor is it signed anew by the next start.
    build_keys(core.works, core.cipher).ensure()
    refused(vouch, found(source, signed), "no signed record")


def test_a_record_without_signatures_is_refused(
    core: Core, source: RegistrySource, vouch: Vouching, signed: str
):
    change(core, RegistryVersion, record_signatures=[])
    refused(vouch, found(source, signed), "not signed by a key that is pinned")


def test_a_record_of_another_registry_is_refused(
    core: Core, source: RegistrySource, vouch: Vouching, signed: str
):
    ref = found(source, signed)
    theirs = sign(ref.record or "", SigningKey.make())
    change(core, RegistryVersion, record_signatures=signature_dicts(theirs.signatures))
    refused(vouch, found(source, signed), "not signed by a key that is pinned")


@pytest.mark.parametrize(
    "facts",
    [
        {"digest": "ab" * 32},
        {"size": 7},
        {"version": "9.9.9"},
        {"extension_id": "another"},
        {"publisher_id": "pub_other"},
    ],
)
def test_what_differs_from_the_record_is_refused(
    source: RegistrySource, vouch: Vouching, signed: str, facts: dict[str, Any]
):
    refused(vouch, replace(found(source, signed), **facts), "something else of")


def test_the_record_of_another_version_is_refused(
    registry: Registry, source: RegistrySource, vouch: Vouching, author: Author, tenant: Tenant
):
    registry.publish(tenant.owner(), author.package(version="1.0.0"))
    registry.publish(tenant.owner(), author.package(version="1.1.0"))
    newer, older = found(source, tenant.id), source.find(tenant.id, "deal-insights", "1.0.0")
    mixed = replace(newer, record=older.record, record_signatures=older.record_signatures)
    refused(vouch, mixed, "something else of")


def test_a_changed_record_is_refused(
    core: Core, source: RegistrySource, vouch: Vouching, signed: str
):
    ref = found(source, signed)
    members = {**json.loads(ref.record or ""), "size": 7}
    refused(vouch, replace(ref, record=canonical(members), size=7), "not signed by a key")


@pytest.mark.parametrize("signature", [None, {"key_id": KEY.id, "public": "", "value": "AAAA"}])
def test_a_signature_that_is_not_in_the_record_is_refused(
    core: Core,
    source: RegistrySource,
    vouch: Vouching,
    signed: str,
    signature: dict[str, str] | None,
):
    change(core, RegistryVersion, signature=signature)
    refused(vouch, found(source, signed), "signature of deal-insights")


def test_a_signature_can_not_be_added_to_an_unsigned_version(
    core: Core,
    registry: Registry,
    source: RegistrySource,
    vouch: Vouching,
    author: Author,
    tenant: Tenant,
):
    package = author.package()
    registry.publish(tenant.owner(), package)
    made = sign_package(digest_of(package), KEY)
    kept = {"key_id": KEY.id, "public": KEY.public, "value": made.value}
    change(core, RegistryVersion, signature=kept)
    refused(vouch, found(source, tenant.id), "not in its signed record")


def test_what_is_pinned_decides(
    core: Core, source: RegistrySource, vouch: Vouching, signed: str, tenant: Tenant
):
    keys = build_keys(core.works, core.cipher)
    ref = found(source, signed)
    keys.rotate(tenant.system())
    assert vouch(ref).signed

    (retired,) = keys.pinned().of_state("retired")
    keys.revoke(tenant.system(), retired)

    refused(vouch, ref, "not signed by a key that is pinned")
    assert vouch(found(source, signed)).signed  # signed anew with the key that is left


def test_what_comes_with_the_core_is_built_in(
    registry: Registry, source: RegistrySource, vouch: Vouching, author: Author, tenant: Tenant
):
    registry.offer(author.package())

    assert vouch(found(source, tenant.id)).built_in


def test_no_row_makes_an_extension_the_cores_own(
    core: Core, source: RegistrySource, vouch: Vouching, signed: str
):
    change(core, RegistryExtension, built_in=True)
    assert not vouch(found(source, signed)).built_in

    change(core, RegistryExtension, publisher_id="core")
    refused(vouch, found(source, signed), "something else of")


def test_what_the_core_published_has_to_come_along(
    core: Core,
    registry: Registry,
    source: RegistrySource,
    author: Author,
    tenant: Tenant,
):
    """Even a record that the registry's own key signed is not enough."""
    registry.offer(author.package())
    elsewhere = build_keys(core.works, core.cipher)
    vouch = build_vouching(elsewhere, lambda _id, _digest: False)

    refused(vouch, found(source, tenant.id), "not what this installation came with")


def test_versions_from_before_there_were_keys_get_records_once(
    core: Core, registry: Registry, source: RegistrySource, author: Author, tenant: Tenant
):
    registry.publish(tenant.owner(), author.package())
    with core.works.across_workspaces("go back to before", write=True) as work:
        for table in ("signed_documents", "registry_keys", "registries"):
            work.session.execute(delete(core_table(table)))
        for row in work.session.scalars(select(RegistryVersion)):
            row.record = row.record_signatures = None

    vouch = vouching(core, registry)
    build_keys(core.works, core.cipher).ensure()

    assert vouch(found(source, tenant.id)).extension_id == "deal-insights"


def core_table(name: str) -> Any:
    return RegistryVersion.metadata.tables[name]


def test_a_revoked_key_signs_no_more(
    core: Core, registry: Registry, author: Author, tenant: Tenant, signed: str
):
    assert signed
    core.marketplace.publishers.keys.revoke(tenant.owner(), "acme", KEY.id)
    package = author.package(version="1.1.0")
    data = join_package(package, sign_package(digest_of(package), KEY))

    with pytest.raises(Exception, match="is revoked"):
        registry.publish(tenant.owner(), data)
    with core.works.read(tenant.system()) as work:
        assert work.session.get_one(PublisherKey, KEY.id).revoked_at is not None
