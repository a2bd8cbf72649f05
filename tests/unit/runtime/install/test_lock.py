"""One change of the installed set at a time."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import IntegrityError

from geminicrm.app import Core
from geminicrm.kernel.clock import FixedClock
from geminicrm.kernel.errors import Conflict, Unavailable
from geminicrm.runtime.install.lock import WorkspaceLock
from geminicrm.runtime.models import InstallLock
from tests.support.core import make_tenant


def test_others_wait_and_then_give_up(both_cores: Core):
    tenant = make_tenant(both_cores, "north")
    first = WorkspaceLock(both_cores.works, tenant.owner())
    second = WorkspaceLock(both_cores.works, tenant.owner())
    with first.held(), pytest.raises(Unavailable, match="Another extension"):
        second.held(0.06).__enter__()
    with second.held(0):
        second.renew()


def test_workspaces_do_not_wait_for_each_other(both_cores: Core):
    north, south = make_tenant(both_cores, "north"), make_tenant(both_cores, "south")
    with (
        WorkspaceLock(both_cores.works, north.owner()).held(0),
        WorkspaceLock(both_cores.works, south.owner()).held(0) as held,
    ):
        held.renew()


def test_a_dead_holder_is_forgotten_and_can_not_go_on(both_cores: Core, clock: FixedClock):
    tenant = make_tenant(both_cores, "north")
    dead = WorkspaceLock(both_cores.works, tenant.owner(), lease_seconds=10)
    with dead.held(0):
        clock.advance(11)
        with WorkspaceLock(both_cores.works, tenant.owner()).held(0) as living:
            with pytest.raises(Conflict, match="took too long"):
                dead.renew()
            living.renew()


def test_the_lock_of_another_is_not_released(both_cores: Core, clock: FixedClock):
    tenant = make_tenant(both_cores, "north")
    late = WorkspaceLock(both_cores.works, tenant.owner(), lease_seconds=10)
    heir = WorkspaceLock(both_cores.works, tenant.owner())
    with late.held(0):
        clock.advance(11)
        entered = heir.held(0)
        entered.__enter__()
    heir.renew()
    entered.__exit__(None, None, None)


def test_a_lock_whose_row_is_gone_is_lost(both_cores: Core):
    tenant = make_tenant(both_cores, "north")
    lock = WorkspaceLock(both_cores.works, tenant.owner())
    with lock.held(0):
        with both_cores.works.write(tenant.owner()) as work:
            work.session.delete(work.session.scalars(select(InstallLock)).one())
        with pytest.raises(Conflict):
            lock.renew()


def test_only_one_of_many_holds_it_at_a_time(both_cores: Core):
    tenant = make_tenant(both_cores, "north")
    inside, most, turns = [0], [0], [0]
    guard = threading.Lock()

    def take() -> None:
        with WorkspaceLock(both_cores.works, tenant.owner()).held(20):
            with guard:
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                turns[0] += 1
            with guard:
                inside[0] -= 1

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (most[0], turns[0]) == (1, 4)


def test_a_lost_race_for_the_first_row_is_tried_again(core: Core):
    tenant = make_tenant(core, "north")

    def lose(_mapper: object, _connection: object, _row: object) -> None:
        event.remove(InstallLock, "before_insert", lose)
        raise IntegrityError("INSERT", {}, ValueError("another machine was first"))

    event.listen(InstallLock, "before_insert", lose)
    with WorkspaceLock(core.works, tenant.owner()).held() as held:
        held.renew()


def test_renewing_moves_the_end(core: Core, clock: FixedClock):
    tenant = make_tenant(core, "north")
    lock = WorkspaceLock(core.works, tenant.owner(), lease_seconds=10)
    with lock.held(0):
        clock.advance(9)
        lock.renew()
        with core.works.read(tenant.owner()) as work:
            row = work.session.scalars(select(InstallLock)).one()
            assert row.until == clock.now() + timedelta(seconds=10)
