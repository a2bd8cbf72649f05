"""What of the history is forgotten, and when."""

from datetime import timedelta

import pytest

from geminicrm.kernel.clock import FixedClock
from geminicrm.kernel.ids import new_id
from geminicrm.runtime.history.models import InstalledVersion, Run, WatchCount
from geminicrm.runtime.history.versions import KEPT, KEPT_DAYS
from tests.support.core import START, Tenant, make_tenant
from tests.support.life import ALL, HELLO, Life, rows

DAY = timedelta(days=1)


@pytest.fixture
def life(both_lives: Life) -> Life:
    """Give a life cycle on each engine."""
    return both_lives


@pytest.fixture
def tenant(life: Life) -> Tenant:
    """Give a workspace that has an extension."""
    made = make_tenant(life.core, "north")
    life.cycle.install(made.owner(), ALL)
    return made


def had(life: Life, tenant: Tenant, digest: str, left: timedelta) -> None:
    """Give the installation a version that it had until some time ago."""
    (row,) = rows(life, tenant)
    with life.core.works.write(tenant.system()) as work:
        work.session.add(
            InstalledVersion(
                id=new_id("ver"),
                installation_id=row.id,
                extension_id=HELLO,
                version="0.1.0",
                digest=digest,
                registry_id="embedded",
                manifest={},
                granted=[],
                settings={},
                trusted=False,
                built_in=False,
                since=START - left - DAY,
                until=START - left,
            )
        )


def kept(life: Life, tenant: Tenant) -> list[str]:
    life.cycle.collect()
    present = [row.digest for row in rows(life, tenant)]
    found = [row.digest for row in rows(life, tenant, InstalledVersion)]
    return sorted(set(found) - set(present))


def test_the_last_ones_are_kept_and_the_present_one_always(life: Life, tenant: Tenant):
    for number in range(KEPT + 2):
        had(life, tenant, f"d{number:02}", DAY * number)
    assert kept(life, tenant) == [f"d{number:02}" for number in range(KEPT - 1)]
    assert len(rows(life, tenant, InstalledVersion)) == KEPT


def test_what_was_left_long_ago_goes(life: Life, tenant: Tenant, clock: FixedClock):
    had(life, tenant, "old", DAY * (KEPT_DAYS + 1))
    had(life, tenant, "young", DAY * (KEPT_DAYS - 1))
    assert kept(life, tenant) == ["young"]
    clock.advance((DAY * KEPT_DAYS).total_seconds())
    assert kept(life, tenant) == []
    assert len(rows(life, tenant, InstalledVersion)) == 1


def test_runs_of_long_ago_go(life: Life, tenant: Tenant, clock: FixedClock):
    clock.advance((DAY * (KEPT_DAYS + 1)).total_seconds())
    life.cycle.uninstall(tenant.owner(), HELLO)
    life.cycle.collect()
    assert [row.kind for row in rows(life, tenant, Run)] == ["uninstall"]


def test_history_stays_while_there_is_a_way_back(life: Life, tenant: Tenant):
    had(life, tenant, "before", DAY)
    life.cycle.uninstall(tenant.owner(), HELLO)
    life.cycle.collect()
    assert len(rows(life, tenant, InstalledVersion)) == 2
    (removed,) = life.cycle.removals.removed(tenant.owner())
    life.cycle.removals.forget(tenant.owner(), removed["id"])
    assert rows(life, tenant, InstalledVersion) == []


def test_calls_counted_for_what_is_gone_go_after_a_day(
    life: Life, tenant: Tenant, clock: FixedClock
):
    (row,) = rows(life, tenant)
    with life.core.works.write(tenant.system()) as work:
        for name in (row.id, "inst_gone"):
            count = WatchCount(
                id=new_id("count"), installation_id=name, digest="d", worker_id="w",
                calls=1, failures=0, updated_at=work.now,
            )  # fmt: skip
            work.session.add(count)
    life.cycle.collect()
    assert len(rows(life, tenant, WatchCount)) == 2
    clock.advance(DAY.total_seconds() + 1)
    life.cycle.collect()
    assert [one.installation_id for one in rows(life, tenant, WatchCount)] == [row.id]
