"""Publishers: their keys and tokens, and for whom a package is published, on both engines."""

import pytest

from geminicrm.app import Core
from geminicrm.identity.actor import PersonActor
from geminicrm.identity.tokens import actor_of_token
from geminicrm.kernel.errors import (
    Conflict,
    NotFound,
    ValidationFailed,
)
from marketplace.blobs import digest_of
from marketplace.publishers.errors import (
    NotAMember,
    SignatureRefused,
    TokenBound,
    UnknownPublisher,
)
from marketplace.publishers.schemas import Profile
from marketplace.publishers.service import Publishers
from marketplace.publishers.tokens import TokenWish
from marketplace.service import Wish
from marketplace.signed_package import join_package
from marketplace.signing.envelope import sign_package
from marketplace.signing.errors import KeyInvalid
from marketplace.signing.keys import SigningKey
from tests.support.core import Tenant
from tests.unit.marketplace.conftest import Author, sign_up
from tests.unit.marketplace.publishers.conftest import actor_of


def test_keys_are_added_and_revoked(publishers: Publishers, core: Core, tenant: Tenant):
    key = SigningKey.make()
    publishers.keys.add(tenant.owner(), "acme", "Laptop", key.public)

    (shown,) = publishers.keys.list(tenant.owner(), "acme")
    assert (shown.id, shown.name, shown.added_by) == (key.id, "Laptop", "Olga Owner")
    sign_up(core, tenant, "bolt")
    with pytest.raises(Conflict, match="in use"):
        publishers.keys.add(tenant.owner(), "bolt", "Laptop", key.public)
    with pytest.raises(KeyInvalid):
        publishers.keys.add(tenant.owner(), "acme", "Laptop", "no key")
    with pytest.raises(NotFound):
        publishers.keys.revoke(tenant.owner(), "bolt", key.id)
    assert publishers.keys.revoke(tenant.owner(), "acme", key.id).revoked_at is not None
    with pytest.raises(Conflict, match="revoked already"):
        publishers.keys.revoke(tenant.owner(), "acme", key.id)


def test_a_signature_has_to_be_by_a_key_of_the_publisher(
    publishers: Publishers, core: Core, author: Author, tenant: Tenant
):
    key, package = SigningKey.make(), author.package()
    signed = join_package(package, sign_package(digest_of(package), key))
    with pytest.raises(SignatureRefused, match="not one of acme"):
        core.registry.publish(tenant.owner(), signed)
    publishers.keys.add(tenant.owner(), "acme", "Laptop", key.public)
    over_other = join_package(package, sign_package("ab" * 32, key))
    with pytest.raises(SignatureRefused, match="over other bytes"):
        core.registry.publish(tenant.owner(), over_other)

    assert core.registry.publish(tenant.owner(), signed).release.signed_by == key.id


def test_a_file_of_others_counts_as_unsigned_in_a_workspace(
    core: Core, author: Author, tenant: Tenant
):
    package = author.package()
    signed = join_package(package, sign_package(digest_of(package), SigningKey.make()))

    assert core.registry.publish(tenant.system(), signed).release.signed_by is None


def test_a_token_publishes_for_its_publisher_only(
    publishers: Publishers, core: Core, author: Author, tenant: Tenant
):
    sign_up(core, tenant, "bolt")
    made = publishers.tokens.create(tenant.owner(), "acme", TokenWish(name="CI"))
    actor = actor_of(core, tenant, made.secret)

    assert made.scopes == {"publish:extensions"}
    assert made.expires_at is not None
    core.registry.publish(actor, author.package())
    assert core.registry.get(tenant.owner(), "deal-insights")[0].publisher == "Acme"
    with pytest.raises(TokenBound, match="for acme only"):
        core.registry.publish(actor, author.package("mail-sync"), Wish(publisher="bolt"))
    for forbidden in (
        lambda: publishers.sign_up(actor, Profile(slug="more", name="More", kind="person")),
        lambda: publishers.keys.add(actor, "acme", "Mine", SigningKey.make().public),
        lambda: publishers.members.add(actor, "acme", tenant.email, "owner"),
        lambda: publishers.tokens.create(actor, "acme", TokenWish(name="More")),
    ):
        with pytest.raises(TokenBound):
            forbidden()


def test_a_token_may_be_for_one_extension(
    publishers: Publishers, core: Core, author: Author, tenant: Tenant
):
    wish = TokenWish(name="CI", extension_id="deal-insights", days=1)
    actor = actor_of(core, tenant, publishers.tokens.create(tenant.owner(), "acme", wish).secret)

    core.registry.publish(actor, author.package())
    with pytest.raises(TokenBound, match="deal-insights only"):
        core.registry.publish(actor, author.package("mail-sync"))
    with pytest.raises(ValidationFailed):
        TokenWish(name="", days=0)


def test_a_token_is_not_for_an_extension_of_others(
    publishers: Publishers, core: Core, author: Author, tenant: Tenant
):
    core.registry.offer(author.package())
    with pytest.raises(ValidationFailed, match="belongs to GeminiCRM Pro"):
        publishers.tokens.create(
            tenant.owner(), "acme", TokenWish(name="CI", extension_id="deal-insights")
        )


def test_a_token_ends_with_the_membership_or_when_it_is_revoked(
    publishers: Publishers, core: Core, author: Author, tenant: Tenant, other: PersonActor
):
    publishers.members.add(tenant.owner(), "acme", "mia@north.example", "maintainer")
    made = publishers.tokens.create(other, "acme", TokenWish(name="CI"))
    own = publishers.tokens.create(tenant.owner(), "acme", TokenWish(name="Own"))
    actor = actor_of(core, tenant, made.secret)
    assert [one.name for one in publishers.tokens.list(other, "acme")] == ["Own", "CI"]
    with pytest.raises(NotFound):
        publishers.tokens.revoke(other, "acme", own.id)
    publishers.members.remove(other, "acme", other.user_id)

    with pytest.raises(NotAMember, match="no member of acme any more"):
        core.registry.publish(actor, author.package())
    publishers.tokens.revoke(tenant.owner(), "acme", made.id)
    with core.works.read(tenant.system()) as work:
        assert actor_of_token(work, made.secret) is None
    with pytest.raises(NotFound):
        publishers.tokens.revoke(tenant.owner(), "acme", "tok_none")


def test_for_whom_a_package_is_published(
    publishers: Publishers, core: Core, author: Author, tenant: Tenant, other: PersonActor
):
    def published_by(actor: PersonActor, version: str, publisher: str | None = None) -> str:
        core.registry.publish(actor, author.package(version=version), Wish(publisher=publisher))
        return core.registry.get(actor, "deal-insights")[0].publisher

    assert published_by(other, "1.0.0") == "North"
    own = f"{tenant.id}".replace("_", "-")
    assert published_by(tenant.owner(), "1.1.0", own) == "North"
    assert published_by(tenant.owner(), "1.2.0") == "Acme"
    sign_up(core, tenant, "bolt")
    with pytest.raises(ValidationFailed, match="name one of acme, bolt"):
        published_by(tenant.owner(), "1.3.0")
    assert published_by(tenant.owner(), "1.3.0", "acme") == "Acme"
    with pytest.raises(UnknownPublisher):
        published_by(tenant.owner(), "1.4.0", "nobody")
