"""What is raised once is told once, however often and from wherever it is raised."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, text

from geminicrm.app import Core
from geminicrm.kernel.clock import FixedClock
from geminicrm.kernel.tenancy import IsolationBroken
from geminicrm.notifications.models import NotificationRead
from geminicrm.notifications.raising import KEEP_DAYS, raise_notice, resolve, sweep
from geminicrm.notifications.service import mark_all_read
from tests.support.core import START, make_tenant
from tests.support.notices import mend, notice, notifications, tell, write_across
from tests.support.waiting import eventually

DAY = 86_400.0
RAISERS = 4


def test_the_same_again_counts_up(both_cores: Core, clock: FixedClock):
    tenant = make_tenant(both_cores, "north")
    tell(both_cores, tenant)
    clock.advance(60)
    tell(both_cores, tenant, body="The last one: timed out.", title="2 jobs", severity="warning")
    (row,) = notifications(both_cores, tenant)
    assert row.id.startswith("ntf_")
    assert (row.count, row.body, row.title) == (2, "The last one: timed out.", "2 jobs")
    assert (row.severity, row.kind, row.link) == ("warning", "dead_letters", "/jobs?state=dead")
    assert (row.last_at - row.first_at).total_seconds() == 60
    assert (row.first_at, row.resolved_at) == (START, None)


def test_what_was_mended_is_told_anew(both_cores: Core, clock: FixedClock):
    tenant = make_tenant(both_cores, "north")
    tell(both_cores, tenant)
    mend(both_cores, tenant)
    clock.advance(5)
    mend(both_cores, tenant)
    tell(both_cores, tenant)
    first, second = notifications(both_cores, tenant)
    assert (first.resolved_at, second.resolved_at) == (START, None)
    assert (first.count, second.count) == (1, 1)


def test_keys_and_workspaces_are_apart(both_cores: Core):
    north, south = make_tenant(both_cores, "north"), make_tenant(both_cores, "south")
    tell(both_cores, north)
    tell(both_cores, north, key="crash_loop:inst_1", kind="crash_loop")
    tell(both_cores, south)
    mend(both_cores, south)
    assert [row.resolved_at for row in notifications(both_cores, north)] == [None, None]
    assert [row.resolved_at for row in notifications(both_cores, south)] == [START]


def test_a_room_raises_inside_its_own_transaction(both_cores: Core):
    tenant, other = make_tenant(both_cores, "north"), make_tenant(both_cores, "south")
    with both_cores.works.write(tenant.system()) as work:
        raise_notice(work, notice(tenant))
    assert len(notifications(both_cores, tenant)) == 1
    with both_cores.works.write(tenant.system()) as work:
        resolve(work, tenant.id, "dead_letters:one")
        raise_notice(work, notice(tenant, key="another"))
        work.session.rollback()
    assert [row.resolved_at for row in notifications(both_cores, tenant)] == [None]
    with (
        both_cores.works.write(tenant.system()) as work,
        pytest.raises(IsolationBroken, match="another workspace"),
    ):
        raise_notice(work, notice(other))


def test_what_is_quoted_is_made_to_fit(both_cores: Core):
    tenant = make_tenant(both_cores, "north")
    tell(both_cores, tenant, title="long " * 100, body=f"a\x00b\ud800{'c' * 3000}")
    (row,) = notifications(both_cores, tenant)
    assert (len(row.title), row.title[-2:]) == (200, "g…")
    assert (len(row.body), row.body[:4]) == (2000, "ab?c")


def test_several_at_once_lose_nothing(both_cores: Core):
    tenant = make_tenant(both_cores, "north")
    barrier = threading.Barrier(RAISERS)

    def run(_number: int) -> None:
        barrier.wait(30)
        tell(both_cores, tenant)

    with ThreadPoolExecutor(RAISERS) as pool:
        list(pool.map(run, range(RAISERS)))
    assert [row.count for row in notifications(both_cores, tenant)] == [RAISERS]


WAITING = (
    "SELECT count(*) FROM pg_stat_activity "
    "WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


def test_one_that_meets_an_open_transaction_waits_for_it(
    make_core: Callable[..., Core], fresh_database: Callable[[], str]
):
    core = make_core(GEMINICRM_DATABASE_URL=fresh_database())
    tenant = make_tenant(core, "north")

    def blocked() -> int:
        with core.database.engine.connect() as connection:
            return int(connection.execute(text(WAITING)).scalar_one())

    with ThreadPoolExecutor(1) as pool:
        with core.works.across_workspaces("the first", write=True) as work:
            raise_notice(work, notice(tenant))
            second = pool.submit(tell, core, tenant)
            eventually(blocked, 30)
        second.result(30)
    assert [row.count for row in notifications(core, tenant)] == [2]


def test_what_was_mended_goes_after_30_days(both_cores: Core, clock: FixedClock):
    tenant = make_tenant(both_cores, "north")
    tell(both_cores, tenant)
    tell(both_cores, tenant, key="stays open")
    with both_cores.works.write(tenant.owner()) as work:
        assert mark_all_read(work, tenant.owner_id) == 2
    mend(both_cores, tenant)
    clock.advance(KEEP_DAYS * DAY)
    write_across(both_cores, sweep)
    assert len(notifications(both_cores, tenant)) == 2
    clock.advance(1)
    write_across(both_cores, sweep)
    (left,) = notifications(both_cores, tenant)
    with both_cores.works.read(tenant.owner()) as work:
        (read,) = work.session.scalars(select(NotificationRead))
    assert (left.key, read.notification_id) == ("stays open", left.id)
