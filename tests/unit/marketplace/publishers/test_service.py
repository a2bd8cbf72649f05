"""Publishers: signing up, their members, what operators do, on both engines."""

import pytest
from sqlalchemy import select

from geminicrm.app import Core
from geminicrm.identity.actor import PersonActor
from geminicrm.kernel.errors import (
    Conflict,
    Forbidden,
    NotFound,
    ScopeMissing,
    ValidationFailed,
)
from marketplace.models import RegistryVersion
from marketplace.publishers.errors import (
    NotAMember,
    SlugTaken,
    UnknownPublisher,
)
from marketplace.publishers.schemas import Profile
from marketplace.publishers.service import Publishers
from marketplace.records import signed_record
from marketplace.service import Wish
from marketplace.signing.keys import SigningKey
from tests.support.core import Tenant
from tests.unit.marketplace.conftest import Author, sign_up
from tests.unit.marketplace.publishers.conftest import audited


def test_whoever_signs_up_owns_the_publisher(publishers: Publishers, core: Core, tenant: Tenant):
    (mine,) = publishers.mine(tenant.owner())

    assert (mine.slug, mine.name, mine.kind, mine.role) == ("acme", "Acme", "organisation", "owner")
    assert (mine.verified, mine.extensions) == (False, 0)
    assert audited(core, tenant) == ["publisher.created"]
    assert publishers.mine(tenant.system()) == []


def test_short_names_are_unique(core: Core, tenant: Tenant):
    with pytest.raises(SlugTaken):
        sign_up(core, tenant)


@pytest.mark.parametrize(
    ("facts", "pointer"),
    [
        ({"slug": "geminicrm"}, "/slug"),
        ({"slug": "ws-1"}, "/slug"),
        ({"slug": "A"}, "/slug"),
        ({"slug": "a" * 40}, "/slug"),
        ({"slug": "a--b"}, "/slug"),
        ({"name": " "}, "/name"),
        ({"name": "Gemini-CRM Pro"}, "/name"),
        ({"name": "a\u202eb"}, "/name"),
        ({"kind": "core"}, "/kind"),
        ({"homepage": "javascript:alert(1)"}, "/homepage"),
    ],
)
def test_wrong_profiles_are_refused(facts: dict[str, str], pointer: str):
    with pytest.raises(ValidationFailed) as caught:
        Profile(**{"slug": "acme", "name": "Acme", "kind": "person", **facts})
    assert [one.pointer for one in caught.value.findings] == [pointer]


def test_nobody_has_too_many(core: Core, tenant: Tenant):
    for number in range(9):
        sign_up(core, tenant, f"acme-{number}")
    with pytest.raises(Conflict, match="more than 10"):
        sign_up(core, tenant, "acme-9")


def test_publishers_belong_to_people(publishers: Publishers, tenant: Tenant):
    profile = Profile(slug="machine", name="Machine", kind="person")
    with pytest.raises(Forbidden, match="belong to people"):
        publishers.sign_up(tenant.system(), profile)
    with pytest.raises(ScopeMissing):
        publishers.sign_up(tenant.owner("read:leads"), profile)


def test_a_publisher_is_changed_and_its_records_with_it(
    publishers: Publishers, core: Core, author: Author, tenant: Tenant
):
    core.registry.publish(tenant.owner(), author.package())
    publishers.change(tenant.owner(), "acme", "Acme Tools", "https://acme.example")

    assert core.registry.get(tenant.owner(), "deal-insights")[0].publisher == "Acme Tools"
    assert recorded(core)["name"] == "Acme Tools"
    with pytest.raises(ValidationFailed):
        publishers.change(tenant.owner(), "acme", "", "nowhere")


def recorded(core: Core) -> dict[str, object]:
    """Give the publisher in the one record, whose signature has to hold."""
    with core.works.across_workspaces("read a record") as work:
        row = work.session.scalars(select(RegistryVersion)).one()
        signed = signed_record(row)
    assert signed is not None
    assert core.marketplace.keys.pinned().proves(signed)
    return dict(signed.members()["publisher"])


def test_operators_verify(publishers: Publishers, core: Core, author: Author, tenant: Tenant):
    core.registry.publish(tenant.owner(), author.package())
    publishers.operations.verify(tenant.system(), "acme", verified=True)

    assert core.registry.get(tenant.owner(), "deal-insights")[0].verified
    assert recorded(core)["verified"] is True
    assert [one.verified for one in publishers.every(tenant.system())] == [True]
    with pytest.raises(ScopeMissing):
        publishers.operations.verify(tenant.owner(), "acme", verified=True)
    with pytest.raises(ScopeMissing):
        publishers.every(tenant.owner())
    with pytest.raises(UnknownPublisher):
        publishers.operations.verify(tenant.system(), "core", verified=False)


def test_operators_transfer_extensions(
    publishers: Publishers, core: Core, author: Author, tenant: Tenant
):
    core.registry.publish(tenant.owner(), author.package())
    sign_up(core, tenant, "bolt")
    with pytest.raises(ScopeMissing):
        publishers.operations.transfer(tenant.owner(), "deal-insights", "bolt")
    publishers.operations.transfer(tenant.system(), "deal-insights", "bolt")

    assert recorded(core)["slug"] == "bolt"
    ref = core.marketplace.source.find(tenant.id, "deal-insights", None)
    assert (
        core.marketplace.sources.vouch(ref).publisher_id
        == publishers.get(tenant.owner(), "bolt").id
    )
    assert audited(core, tenant)[-1] == "extension.transferred"
    with pytest.raises(NotFound):
        publishers.operations.transfer(tenant.system(), "nothing", "bolt")


def test_what_comes_with_the_core_is_not_transferred(
    publishers: Publishers, core: Core, author: Author, tenant: Tenant
):
    core.registry.offer(author.package())
    with pytest.raises(Conflict, match="comes with the CRM"):
        publishers.operations.transfer(tenant.system(), "deal-insights", "acme")


def test_members_publish_and_owners_look_after_it(
    publishers: Publishers, core: Core, author: Author, tenant: Tenant, other: PersonActor
):
    with pytest.raises(NotAMember):
        publishers.members.list(other, "acme")
    with pytest.raises(NotAMember):
        core.registry.publish(other, author.package(), Wish(publisher="acme"))
    publishers.members.add(tenant.owner(), "acme", "MIA@north.example", "maintainer")

    assert [one.role for one in publishers.members.list(other, "acme")] == ["maintainer", "owner"]
    core.registry.publish(other, author.package(), Wish(publisher="acme"))
    with pytest.raises(NotAMember, match="Only an owner"):
        publishers.members.add(other, "acme", "mia@north.example", "owner")
    with pytest.raises(NotAMember, match="Only an owner"):
        publishers.keys.add(other, "acme", "Mine", SigningKey.make().public)


def test_the_last_owner_stays(publishers: Publishers, tenant: Tenant, other: PersonActor):
    with pytest.raises(Conflict, match="last owner"):
        publishers.members.remove(tenant.owner(), "acme", tenant.owner_id)
    with pytest.raises(Conflict, match="last owner"):
        publishers.members.add(tenant.owner(), "acme", tenant.email, "maintainer")
    publishers.members.add(tenant.owner(), "acme", "mia@north.example", "owner")
    publishers.members.remove(tenant.owner(), "acme", tenant.owner_id)

    assert [one.user_id for one in publishers.members.list(other, "acme")] == [other.user_id]


def test_strangers_are_no_members(publishers: Publishers, tenant: Tenant):
    with pytest.raises(ValidationFailed, match="Nobody of this installation"):
        publishers.members.add(tenant.owner(), "acme", "nobody@north.example", "owner")
    with pytest.raises(ValidationFailed, match="use one of"):
        publishers.members.add(tenant.owner(), "acme", tenant.email, "king")
    with pytest.raises(NotFound):
        publishers.members.remove(tenant.owner(), "acme", "usr_nobody")
