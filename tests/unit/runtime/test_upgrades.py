"""Another version in the place of the one that runs, and the ways back, on both engines."""

from typing import Any

import pytest

from geminicrm.kernel.errors import Finding, ScopeMissing, ValidationFailed
from geminicrm.runtime.history.models import Run
from geminicrm.runtime.install.drafting import Draft
from geminicrm.runtime.problems import ConsentRequired, InstallFailed, TrustRequired
from geminicrm.runtime.upgrade_problems import (
    NotNewer,
    OtherOrigin,
    StorageNotReadable,
)
from tests.support.core import Tenant
from tests.support.life import ALL, HELLO, Life, change_row, files, rows, wanted, zipped
from tests.support.upgrading import SETTINGS, UP, actions, history, installed, offer


def test_an_upgrade_takes_the_place_of_the_version_before(lives: tuple[Life, Tenant]):
    life, tenant = lives
    before = installed(life, tenant)
    life.cycle.configure(tenant.owner(), HELLO, {"word": "hey", "key": "s3cret"})
    offer(life, "1.1.0", settings=SETTINGS)
    change = life.cycle.upgrades.upgrade(tenant.owner(), UP)
    after = installed(life, tenant)
    assert (after.id, after.version, after.status) == (before.id, "1.1.0", "enabled")
    assert after.digest != before.digest
    assert after.settings == {"word": "hey"}
    assert change.installation["secrets_set"] == ["key"]
    assert [each.step for each in change.steps][-1] == "switch"
    assert after.watch is not None
    assert after.watch["digest"] == before.digest
    assert history(life, tenant) == [("1.1.0", None), ("1.0.0", "replaced")]
    assert actions(life, tenant)[-1] == "extension.upgraded"
    runs = {
        (run.kind, run.state, run.from_version, run.to_version) for run in rows(life, tenant, Run)
    }
    assert ("upgrade", "done", "1.0.0", "1.1.0") in runs


def test_a_way_back_brings_settings_back_and_no_data(lives: tuple[Life, Tenant]):
    life, tenant = lives
    life.cycle.configure(tenant.owner(), HELLO, {"word": "old", "key": "s3cret"})
    offer(life, "1.1.0", settings=SETTINGS)
    life.cycle.upgrades.upgrade(tenant.owner(), UP)
    life.cycle.configure(tenant.owner(), HELLO, {"word": "new", "key": None})
    change = life.cycle.upgrades.rollback(tenant.owner(), HELLO)
    after = installed(life, tenant)
    assert (after.version, after.settings, after.watch) == ("1.0.0", {"word": "old"}, None)
    assert change.installation["secrets_set"] == ["key"]
    assert history(life, tenant) == [
        ("1.0.0", None),
        ("1.1.0", "rolled_back"),
        ("1.0.0", "replaced"),
    ]
    forward = life.cycle.upgrades.rollback(tenant.owner(), HELLO, "1.1.0")
    assert forward.installation["version"] == "1.1.0"
    assert forward.installation["settings"]["word"] == "new"


def test_a_version_that_fails_leaves_the_one_before(one: Life, tenant: Tenant):
    offer(one, "1.1.0")
    one.runner.findings = [Finding("extension.py:3", "load_failed", "It raises.")]
    with pytest.raises(InstallFailed, match=r"was not upgraded.*It raises") as caught:
        one.cycle.upgrades.upgrade(tenant.owner(), UP)
    assert caught.value.step == "load"
    assert installed(one, tenant).version == "1.0.0"
    assert len(one.folders()) == 1
    assert history(one, tenant) == [("1.0.0", None)]


def test_what_an_admin_takes_away_meanwhile_stays_away(one: Life, tenant: Tenant):
    offer(one, "1.1.0")

    def trim(_draft: Draft) -> None:
        status = one.cycle.get(tenant.owner(), HELLO)["status"]
        assert status == "upgrading"
        change_row(one, tenant, granted=[])

    one.runner.loading = trim
    one.cycle.upgrades.upgrade(tenant.owner(), UP)
    assert installed(one, tenant).granted == []


def test_more_permissions_wait_for_consent(one: Life, tenant: Tenant):
    offer(one, "1.1.0", permissions=["read:leads", "write:leads"])
    with pytest.raises(ConsentRequired) as caught:
        one.cycle.upgrades.upgrade(tenant.owner(), UP)
    assert caught.value.extra["plan"]["version"] == "1.1.0"
    assert installed(one, tenant).version == "1.0.0"
    one.cycle.upgrades.upgrade(tenant.owner(), wanted())
    assert installed(one, tenant).granted == ["read:leads", "write:leads"]


def test_a_way_back_gives_no_more_than_an_admin_left(one: Life, tenant: Tenant):
    offer(one, "1.1.0", permissions=["read:leads"])
    one.cycle.upgrades.upgrade(tenant.owner(), UP)
    one.cycle.change_grant(tenant.owner(), HELLO, remove=["read:leads"])
    one.cycle.upgrades.rollback(tenant.owner(), HELLO)
    assert installed(one, tenant).granted == []


def test_a_grant_for_an_upgrade_is_checked(one: Life, tenant: Tenant):
    offer(
        one, "1.1.0", permissions=["read:leads", "write:leads"], optional_permissions=["read:deals"]
    )
    upgrade = one.cycle.upgrades.upgrade
    with pytest.raises(ValidationFailed, match="write:leads"):
        upgrade(tenant.owner(), wanted(grant=["read:leads"]))
    with pytest.raises(ValidationFailed, match="read:tasks"):
        upgrade(tenant.owner(), wanted(grant=["write:leads", "read:tasks"]))
    poor = tenant.owner("manage:extensions", "read:extensions", "read:leads")
    with pytest.raises(ScopeMissing, match="write:leads"):
        upgrade(poor, wanted())
    upgrade(tenant.owner(), wanted(grant=["write:leads", "read:deals"]))
    assert installed(one, tenant).granted == ["read:deals", "read:leads", "write:leads"]


@pytest.mark.parametrize(
    ("version", "error"), [("1.0.0", "is what is installed"), ("0.9.0", "with a rollback")]
)
def test_an_upgrade_goes_forward(one: Life, tenant: Tenant, version: str, error: str):
    offer(one, "0.9.0")
    for request in (wanted(version=version), UP):
        with pytest.raises(NotNewer):
            one.cycle.upgrades.upgrade(tenant.owner(), request)
    with pytest.raises(NotNewer, match=error):
        one.cycle.upgrades.upgrade(tenant.owner(), wanted(version=version))


def test_an_id_stays_bound_to_where_it_came_from(one: Life, tenant: Tenant):
    offer(one, "1.1.0", {"registry_id": "reg_other"})
    with pytest.raises(OtherOrigin, match="reg_other"):
        one.cycle.upgrades.upgrade(tenant.owner(), UP)


def test_an_id_stays_bound_to_its_publisher(life: Life, tenant: Tenant):
    offer(life, "1.0.0", {"publisher_id": "pub_a"})
    life.cycle.install(tenant.owner(), ALL)
    offer(life, "1.1.0", {"publisher_id": "pub_b"})
    with pytest.raises(OtherOrigin, match="pub_b"):
        life.cycle.upgrades.upgrade(tenant.owner(), UP)


def test_what_is_stored_has_to_be_readable(life: Life, tenant: Tenant):
    offer(life, "1.0.0", storage_version=3)
    life.cycle.install(tenant.owner(), ALL)
    offer(life, "1.1.0", storage_version=2)
    with pytest.raises(StorageNotReadable, match="storage_version 2"):
        life.cycle.upgrades.upgrade(tenant.owner(), UP)


@pytest.mark.parametrize(("after", "warned"), [(2, False), (3, True)])
def test_a_long_way_back_warns_of_the_data(life: Life, tenant: Tenant, *, after: int, warned: bool):
    life.cycle.install(tenant.owner(), ALL)
    offer(life, "1.1.0", storage_version=after)
    life.cycle.upgrades.upgrade(tenant.owner(), UP)
    change = life.cycle.upgrades.rollback(tenant.owner(), HELLO)
    assert any("more than one step back" in text for text in change.warnings) == warned


def test_others_that_need_the_version_keep_it(one: Life, tenant: Tenant):
    facts = {"id": "other", "requires": {"extensions": {HELLO: "^1.0.0"}}}
    one.shelf.put(zipped(files(**facts)), "other")
    one.cycle.install(tenant.owner(), wanted(extension_id="other"))
    offer(one, "2.0.0")
    with pytest.raises(InstallFailed, match=r"which is installed, needs hello-world"):
        one.cycle.upgrades.upgrade(tenant.owner(), UP)
    offer(one, "1.5.0")
    one.cycle.upgrades.upgrade(tenant.owner(), UP)


def test_trust_follows_the_key(life: Life, tenant: Tenant):
    theirs: dict[str, Any] = {"built_in": False}
    offer(life, "1.0.0", theirs)
    life.cycle.install(tenant.owner(), wanted(trust=HELLO, allow_unsigned=True))
    offer(life, "1.1.0", theirs)
    unsigned = wanted(allow_unsigned=True)
    with pytest.raises(TrustRequired):
        life.cycle.upgrades.upgrade(tenant.owner(), unsigned)
    life.cycle.upgrades.upgrade(tenant.owner(), wanted(allow_unsigned=True, trust=HELLO))
    assert installed(life, tenant).trusted


def test_trust_that_was_taken_away_does_not_come_back(life: Life, tenant: Tenant):
    theirs: dict[str, Any] = {"built_in": False}
    trusting = wanted(trust=HELLO, allow_unsigned=True)
    offer(life, "1.0.0", theirs)
    life.cycle.install(tenant.owner(), trusting)
    offer(life, "1.1.0", theirs)
    life.cycle.upgrades.upgrade(tenant.owner(), trusting)
    life.cycle.distrust(tenant.owner(), HELLO)
    life.cycle.upgrades.rollback(tenant.owner(), HELLO)
    assert not installed(life, tenant).trusted


@pytest.mark.parametrize(
    ("facts", "grown"), [({}, False), ({"permissions": ["read:leads", "write:leads"]}, True)]
)
def test_what_can_be_upgraded_is_listed(
    one: Life, tenant: Tenant, *, facts: dict[str, Any], grown: bool
):
    assert one.cycle.upgrades.available(tenant.owner()) == []
    offer(one, "1.1.0", **facts)
    offer(one, "1.2.0-beta.1", **facts)
    (update,) = one.cycle.upgrades.available(tenant.owner())
    assert (update["version"], update["latest"]) == ("1.0.0", "1.1.0")
    assert update["needs_consent"] == grown


@pytest.mark.parametrize(
    ("status", "enabled"), [("disabled", False), ("failed", True), ("quarantined", True)]
)
def test_only_what_an_admin_switched_off_stays_off(
    one: Life, tenant: Tenant, *, status: str, enabled: bool
):
    change_row(one, tenant, enabled=False, status=status, error="It crashed.")
    offer(one, "1.1.0")
    one.cycle.upgrades.upgrade(tenant.owner(), UP)
    row = installed(one, tenant)
    assert (row.enabled, row.error, row.watch is not None) == (enabled, None, enabled)


def test_a_plan_changes_nothing(one: Life, tenant: Tenant):
    offer(one, "1.1.0")
    assert one.cycle.upgrades.plan(tenant.owner(), HELLO).version == "1.1.0"
    assert installed(one, tenant).version == "1.0.0"
    with pytest.raises(ScopeMissing):
        one.cycle.upgrades.plan(tenant.owner("read:extensions"), HELLO)
