"""The ways back to an earlier version: by hand, and by itself."""

import shutil

import pytest

from geminicrm.kernel.errors import NotFound, ValidationFailed
from geminicrm.runtime.history.models import InstalledVersion
from geminicrm.runtime.problems import InstallFailed, NotInstalled
from geminicrm.runtime.upgrade_problems import (
    NothingBefore,
    ReturnedFrom,
)
from tests.support.core import Tenant
from tests.support.life import HELLO, Life, rows
from tests.support.upgrading import UP, actions, installed, offer


def test_there_may_be_nothing_before(one: Life, tenant: Tenant):
    with pytest.raises(NothingBefore, match="no earlier version"):
        one.cycle.upgrades.rollback(tenant.owner(), HELLO)
    with pytest.raises(NothingBefore, match=r"0\.1\.0") as caught:
        one.cycle.upgrades.rollback(tenant.owner(), HELLO, "0.1.0")
    assert "has not been installed here before" in caught.value.detail
    with pytest.raises(NotInstalled):
        one.cycle.upgrades.rollback(tenant.owner(), "nobody")


def test_a_package_that_was_collected_is_fetched_again(one: Life, tenant: Tenant):
    folder = one.packages / installed(one, tenant).digest.removeprefix("sha256:")
    offer(one, "1.1.0")
    one.cycle.upgrades.upgrade(tenant.owner(), UP)
    assert one.cycle.collect(older_than=-1.0) == []
    shutil.rmtree(folder)
    found = one.cycle.upgrades.versions(tenant.owner(), HELLO)
    assert [each["can_roll_back"] for each in found] == [False, True]
    one.cycle.upgrades.rollback(tenant.owner(), HELLO)
    assert folder.is_dir()


def test_another_package_under_the_same_name_is_not_fetched(one: Life, tenant: Tenant):
    offer(one, "1.1.0")
    one.cycle.upgrades.upgrade(tenant.owner(), UP)
    folder = one.packages / rows(one, tenant, InstalledVersion)[0].digest.removeprefix("sha256:")
    shutil.rmtree(folder)
    offer(one, "1.0.0", description="Somebody else's.")
    found = one.cycle.upgrades.versions(tenant.owner(), HELLO)
    assert [each["can_roll_back"] for each in found] == [False, False]
    with pytest.raises(InstallFailed, match="another package"):
        one.cycle.upgrades.rollback(tenant.owner(), HELLO)


def test_a_version_that_its_registry_stopped_does_not_come_back(
    one: Life, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
):
    offer(one, "1.1.0")
    one.cycle.upgrades.upgrade(tenant.owner(), UP)

    def quarantined(*_asked: object) -> None:
        raise ValidationFailed([], "It is quarantined.")

    monkeypatch.setattr(one.shelf, "find", quarantined)
    with pytest.raises(ValidationFailed, match="quarantined"):
        one.cycle.upgrades.rollback(tenant.owner(), HELLO)
    assert installed(one, tenant).version == "1.1.0"


def test_a_registry_that_forgot_it_keeps_nobody(
    one: Life, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
):
    offer(one, "1.1.0")
    one.cycle.upgrades.upgrade(tenant.owner(), UP)

    def gone(*_asked: object) -> None:
        raise NotFound("extension", HELLO)

    monkeypatch.setattr(one.shelf, "find", gone)
    one.cycle.upgrades.rollback(tenant.owner(), HELLO)
    assert installed(one, tenant).version == "1.0.0"


def test_a_return_is_written_down_and_not_offered_again(lives: tuple[Life, Tenant]):
    life, tenant = lives
    offer(life, "1.1.0")
    life.cycle.upgrades.upgrade(tenant.owner(), UP)
    digest = installed(life, tenant).digest
    come_back = life.cycle.upgrades.come_back
    assert come_back(tenant.id, HELLO, digest, "5 of 6 calls failed.")
    assert not come_back(tenant.id, HELLO, digest, "5 of 6 calls failed.")
    row = installed(life, tenant)
    assert (row.version, row.watch, row.error) == ("1.0.0", None, None)
    (left,) = [one for one in rows(life, tenant, InstalledVersion) if one.version == "1.1.0"]
    assert (left.outcome, left.reason) == ("returned", "5 of 6 calls failed.")
    (update,) = life.cycle.upgrades.available(tenant.owner())
    assert update["held_back"] == "It was returned from: 5 of 6 calls failed."
    with pytest.raises(ReturnedFrom, match=r"1\.1\.0 is the newest"):
        life.cycle.upgrades.upgrade(tenant.owner(), UP)
    offer(life, "1.1.1")
    (update,) = life.cycle.upgrades.available(tenant.owner())
    assert (update["latest"], update["held_back"]) == ("1.1.1", None)
    life.cycle.upgrades.upgrade(tenant.owner(), UP)
    assert actions(life, tenant)[-2:] == ["extension.returned", "extension.upgraded"]


def test_a_return_that_fails_leaves_what_runs(one: Life, tenant: Tenant):
    offer(one, "1.1.0")
    one.cycle.upgrades.upgrade(tenant.owner(), UP)
    digest = installed(one, tenant).digest
    one.shelf.refs.clear()
    shutil.rmtree(one.packages)
    with pytest.raises(NotFound):
        one.cycle.upgrades.come_back(tenant.id, HELLO, digest, "It failed.")
    row = installed(one, tenant)
    assert (row.version, row.watch) == ("1.1.0", None)
    assert "could not be returned" in str(row.error)
