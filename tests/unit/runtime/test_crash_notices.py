"""Admins hear of an extension that keeps crashing, until it is mended."""

from collections.abc import Callable

import pytest
from structlog.testing import capture_logs

from geminicrm.app import Core
from geminicrm.runtime.hosting.crash_loops import CrashLoops
from geminicrm.runtime.hosting.supervising import CrashLoop
from tests.support.core import START, Tenant, make_tenant
from tests.support.life import ALL, HELLO, Life, make_life
from tests.support.notices import notifications
from tests.support.upgrading import UP, offer

REASON = "killed by signal 11"


def crash(life: Life, tenant: Tenant) -> str:
    """Let the one installation crash again and again; give its id."""
    row = life.cycle.get(tenant.owner(), HELLO)
    loops = CrashLoops(life.core.works, life.core.generations, life.cycle.upgrades.come_back)
    loop = CrashLoop(installation_id=row["id"], digest=row["digest"], reason=REASON, lines=())
    with capture_logs():
        loops.switch_off(loop)
        loops.switch_off(loop)
    return str(row["id"])


@pytest.fixture
def crashing(both_cores: Core) -> tuple[Life, Tenant]:
    """Give a life cycle whose extension was upgraded, and then crashed again and again."""
    life, tenant = make_life(both_cores, watch_seconds=0.0), make_tenant(both_cores, "north")
    offer(life, "1.0.0")
    life.cycle.install(tenant.owner(), ALL)
    offer(life, "1.1.0")
    life.cycle.upgrades.upgrade(tenant.owner(), UP)
    crash(life, tenant)
    return life, tenant


def test_the_admins_hear_of_it_once(crashing: tuple[Life, Tenant]):
    life, tenant = crashing
    (told,) = notifications(life.core, tenant)
    installation = life.cycle.get(tenant.owner(), HELLO)
    assert (told.kind, told.key) == ("crash_loop", f"crash_loop:{installation['id']}")
    assert (told.severity, told.count, told.resolved_at) == ("error", 1, None)
    assert told.title == "Hello World was switched off"
    assert told.body.startswith(f"Its process ended again and again: {REASON}. Look at its log")
    assert told.link == f"/installed/{HELLO}"


def enable(life: Life, tenant: Tenant) -> None:
    life.cycle.enable(tenant.owner(), HELLO)


def disable(life: Life, tenant: Tenant) -> None:
    life.cycle.disable(tenant.owner(), HELLO)


def upgrade(life: Life, tenant: Tenant) -> None:
    offer(life, "1.2.0")
    life.cycle.upgrades.upgrade(tenant.owner(), UP)


def roll_back(life: Life, tenant: Tenant) -> None:
    life.cycle.upgrades.rollback(tenant.owner(), HELLO)


def uninstall(life: Life, tenant: Tenant) -> None:
    life.cycle.uninstall(tenant.owner(), HELLO)


@pytest.mark.parametrize("mend", [enable, disable, upgrade, roll_back, uninstall])
def test_what_mends_it_resolves_it(
    crashing: tuple[Life, Tenant], mend: Callable[[Life, Tenant], None]
):
    life, tenant = crashing
    mend(life, tenant)
    (told,) = notifications(life.core, tenant)
    assert told.resolved_at == START


def test_crashing_anew_is_told_anew(crashing: tuple[Life, Tenant]):
    life, tenant = crashing
    enable(life, tenant)
    crash(life, tenant)
    first, second = notifications(life.core, tenant)
    assert (first.resolved_at, second.resolved_at) == (START, None)
