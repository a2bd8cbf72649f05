"""Statistics: counted from the journal, grouped without customers, on both engines."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from geminicrm.app import Core
from geminicrm.kernel.clock import FixedClock
from geminicrm.kernel.errors import ScopeMissing
from geminicrm.kernel.ids import new_id
from geminicrm.runtime.failure_book import Failure
from geminicrm.runtime.history.models import Run
from marketplace.errors import UnknownExtension
from marketplace.models import RegistryVersion
from marketplace.statistics.models import ErrorSighting
from marketplace.statistics.service import KEPT_DAYS, Statistics
from marketplace.visibility import private_key
from tests.support.core import START, Tenant, make_tenant
from tests.unit.marketplace.conftest import Author
from tests.unit.marketplace.statistics.conftest import installs

ID = "deal-insights"
TODAY = START.date()


@pytest.fixture
def tenant(both_cores: Core, author: Author) -> Tenant:
    """Give a workspace that has published two versions."""
    made = make_tenant(both_cores, "north")
    for version in ("1.0.0", "1.1.0"):
        both_cores.registry.publish(made.owner(), author.package(ID, version=version))
    return made


@pytest.fixture
def statistics(both_cores: Core) -> Statistics:
    """Give the statistics of a core."""
    return both_cores.marketplace.statistics


def ran(core: Core, tenant: Tenant, kind: str, days_ago: int = 0, **facts: Any) -> None:
    """Write a run down that has ended."""
    run_id, at = new_id("run"), START - timedelta(days=days_ago)
    said = {
        "extension_id": ID, "state": "done", "step": "mount", "facts": {}, "owner": "test",
        "actor_kind": "user", "actor_id": "usr_1", "actor_label": "Olga", "started_at": at,
        "ended_at": at, **facts,
    }  # fmt: skip
    with core.works.write(tenant.system()) as work:
        work.session.add(Run(id=run_id, group_id=run_id, kind=kind, **said))


def failure(reason: str = "KeyError: '…'", **changes: str) -> Failure:
    """Give a failure of version 1.0.0."""
    facts = {
        "extension_id": ID, "version": "1.0.0", "kind": "route", "place": "routes.py:3 in pets",
        "reason": reason, "installation_id": "inst_1", **changes,
    }  # fmt: skip
    return Failure(**facts)


def test_runs_count_for_the_version_that_they_are_about(
    both_cores: Core, statistics: Statistics, tenant: Tenant
):
    installs(both_cores, tenant)
    ran(both_cores, tenant, "install", to_version="1.0.0")
    ran(both_cores, tenant, "install", to_version="1.0.0", days_ago=1)
    ran(both_cores, tenant, "upgrade", from_version="1.0.0", to_version="1.1.0")
    ran(both_cores, tenant, "return", from_version="1.1.0", to_version="1.0.0")
    ran(both_cores, tenant, "uninstall", from_version="1.0.0")
    ran(both_cores, tenant, "rollback", from_version="1.1.0", to_version="1.0.0")
    ran(both_cores, tenant, "install", to_version="1.1.0", state="undone")
    other = make_tenant(both_cores, "south")
    installs(both_cores, other, registry_id="reg_other")
    ran(both_cores, other, "install", to_version="1.0.0")

    statistics.count()
    statistics.count()

    found = statistics.figures(tenant.owner(), ID)
    by_version = {one.version: one for one in found.versions}
    assert set(by_version) == {"1.0.0", "1.1.0"}
    old, new = by_version["1.0.0"], by_version["1.1.0"]
    assert (old.installs, old.upgrades, old.returns, old.uninstalls) == (2, 0, 0, 1)
    assert (new.installs, new.upgrades, new.returns, new.uninstalls) == (0, 1, 1, 0)
    assert [one.installs for one in found.days] == [0] * 28 + [1, 1]
    assert found.days[-1].day == TODAY


def test_days_are_dropped_in_the_end(
    both_cores: Core, statistics: Statistics, tenant: Tenant, clock: FixedClock
):
    installed = installs(both_cores, tenant)
    ran(both_cores, tenant, "install", to_version="1.0.0")
    statistics.count()
    statistics.report({failure(installation_id=installed): 1})

    clock.advance(timedelta(days=KEPT_DAYS).total_seconds())
    statistics.count()
    assert statistics.figures(tenant.owner(), ID, KEPT_DAYS + 1).days[0].installs == 1
    assert len(statistics.errors(tenant.owner(), ID)) == 1

    clock.advance(timedelta(days=1).total_seconds())
    statistics.count()
    assert statistics.figures(tenant.owner(), ID, KEPT_DAYS + 2).days[0].installs == 0
    assert statistics.errors(tenant.owner(), ID) == []


def test_downloads_are_counted(both_cores: Core, statistics: Statistics, tenant: Tenant):
    key = private_key(ID, tenant.id)
    statistics.downloaded(key, "1.0.0")
    statistics.downloaded(key, "1.0.0")

    found = statistics.figures(tenant.owner(), ID).versions
    assert {one.version: one.downloads for one in found} == {"1.0.0": 2, "1.1.0": 0}
    with both_cores.works.read(tenant.system()) as work:
        kept = select(RegistryVersion.version, RegistryVersion.downloads)
        kept = kept.where(RegistryVersion.extension_id == key)
        assert sorted(map(tuple, work.session.execute(kept))) == [("1.0.0", 2), ("1.1.0", 0)]


def test_what_runs_now_is_counted_by_version(
    both_cores: Core, statistics: Statistics, tenant: Tenant
):
    installs(both_cores, tenant)
    installs(both_cores, make_tenant(both_cores, "south"), "1.1.0")

    found = statistics.figures(tenant.owner(), ID).versions
    assert [(one.version, one.active) for one in found] == [("1.0.0", 1), ("1.1.0", 0)]


def test_what_is_switched_off_is_not_active(
    both_cores: Core, statistics: Statistics, tenant: Tenant
):
    installs(both_cores, tenant, enabled=False)

    found = statistics.figures(tenant.owner(), ID).versions
    assert [one.active for one in found] == [0, 0]


def test_errors_are_grouped(
    both_cores: Core, statistics: Statistics, tenant: Tenant, clock: FixedClock
):
    mine = installs(both_cores, tenant)
    not_ours = installs(both_cores, make_tenant(both_cores, "south"), registry_id="reg_other")
    statistics.report({failure(installation_id=mine): 3})
    clock.advance(60)
    other_place = failure("TypeError: no", place="extension.py:9", installation_id=mine)
    statistics.report({failure(installation_id=mine): 1, other_place: 2})
    statistics.report({failure(installation_id=not_ours): 1, failure(installation_id="gone"): 1})
    statistics.report({})

    other, first = sorted(statistics.errors(tenant.owner(), ID), key=lambda one: one.count)
    assert (first.reason, first.place, first.count, first.installations) == (
        "KeyError: '…'", "routes.py:3 in pets", 4, 1,
    )  # fmt: skip
    assert first.last_at - first.first_at == timedelta(seconds=60)
    assert (other.reason, other.count, other.installations) == ("TypeError: no", 2, 1)
    assert statistics.errors(tenant.owner(), ID, "1.1.0") == []


def test_a_group_does_not_name_the_installation(
    both_cores: Core, statistics: Statistics, tenant: Tenant
):
    mine = installs(both_cores, tenant)
    statistics.report({failure(installation_id=mine): 1})

    with both_cores.works.read(tenant.system()) as work:
        (sighting,) = work.session.scalars(select(ErrorSighting)).all()
        assert mine not in repr(vars(sighting))


def test_only_who_speaks_for_an_extension_is_told(
    both_cores: Core, statistics: Statistics, tenant: Tenant
):
    assert tenant.id
    stranger = make_tenant(both_cores, "south").owner()
    with pytest.raises(UnknownExtension):
        statistics.figures(stranger, ID)
    with pytest.raises(ScopeMissing):
        statistics.errors(tenant.owner("read:leads"), ID)
