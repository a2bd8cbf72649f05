from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import select

from geminicrm.app import Core
from geminicrm.kernel.clock import FixedClock
from geminicrm.runtime.ledger import MAX_REFUSED_HOSTS, OTHER_HOSTS, Ledger
from geminicrm.runtime.models import HostUse, ScopeUse
from tests.support.core import Tenant, make_tenant
from tests.support.sample_extensions import HEAD, QUIET, Stage


def uses(core: Core) -> list[tuple[str, str, date, int, int]]:
    with core.works.across_workspaces("look at the ledger") as work:
        rows = work.session.scalars(select(ScopeUse).order_by(ScopeUse.day, ScopeUse.scope))
        return [(r.installation_id, r.scope, r.day, r.used, r.refused) for r in rows]


def test_questions_are_added_up_per_day(
    both_cores: Core, stage_of: Callable[..., Stage], clock: FixedClock
):
    core, tenant = both_cores, make_tenant(both_cores, "north")
    one = stage_of(core).put(tenant, HEAD + QUIET)
    ledger = Ledger(core.works)
    ledger.count(tenant.id, one, "read:leads", allowed=True)
    ledger.count(tenant.id, one, "read:leads", allowed=True)
    ledger.count(tenant.id, one, "write:leads", allowed=False)
    ledger.count(tenant.id, "inst_gone", "read:leads", allowed=True)
    ledger.flush()
    ledger.count(tenant.id, one, "read:leads", allowed=False)
    ledger.flush()
    clock.advance(24 * 3600)
    ledger.count(tenant.id, one, "read:leads", allowed=True)
    ledger.flush()
    ledger.flush()

    assert uses(core) == [
        (one, "read:leads", date(2026, 11, 21), 2, 1),
        (one, "write:leads", date(2026, 11, 21), 0, 1),
        (one, "read:leads", date(2026, 11, 22), 1, 0),
    ]


def test_what_could_not_be_written_is_kept(
    core: Core, tenant: Tenant, stage: Stage, monkeypatch: pytest.MonkeyPatch
):
    one = stage.put(tenant, HEAD + QUIET)
    ledger = Ledger(core.works)
    ledger.count(tenant.id, one, "read:leads", allowed=True)

    def away(_counts: object) -> None:
        ledger.count(tenant.id, one, "read:leads", allowed=True)
        raise OSError("the database is away")

    with monkeypatch.context() as patch:
        patch.setattr(ledger, "_store", away)
        with pytest.raises(OSError, match="away"):
            ledger.flush()
    ledger.flush()

    assert [use[3] for use in uses(core)] == [2]


def host_uses(core: Core) -> list[tuple[str, date, int, int]]:
    with core.works.across_workspaces("look at the ledger") as work:
        rows = work.session.scalars(select(HostUse).order_by(HostUse.day, HostUse.host))
        return [(r.host, r.day, r.used, r.refused) for r in rows]


def test_outside_calls_are_added_up_by_host(
    both_cores: Core, stage_of: Callable[..., Stage], clock: FixedClock
):
    core, tenant = both_cores, make_tenant(both_cores, "north")
    one = stage_of(core).put(tenant, HEAD + QUIET)
    ledger = Ledger(core.works)
    ledger.count_host(tenant.id, one, "*.example.com", allowed=True)
    ledger.count_host(tenant.id, one, "evil.example", allowed=False)
    ledger.flush()
    ledger.count_host(tenant.id, one, "*.example.com", allowed=True)
    ledger.count_host(tenant.id, one, "*.example.com", allowed=False)
    ledger.count_host(tenant.id, "inst_gone", "*.example.com", allowed=True)
    ledger.flush()
    clock.advance(24 * 3600)
    ledger.count_host(tenant.id, one, "*.example.com", allowed=True)
    ledger.flush()

    assert host_uses(core) == [
        ("*.example.com", date(2026, 11, 21), 2, 1),
        ("evil.example", date(2026, 11, 21), 0, 1),
        ("*.example.com", date(2026, 11, 22), 1, 0),
    ]


def test_host_after_host_does_not_fill_the_table(
    core: Core, tenant: Tenant, stage: Stage, clock: FixedClock
):
    one = stage.put(tenant, HEAD + QUIET)
    ledger = Ledger(core.works)
    for number in range(MAX_REFUSED_HOSTS + 7):
        ledger.count_host(tenant.id, one, f"h{number:03}.example", allowed=False)
    ledger.count_host(tenant.id, one, "h000.example", allowed=False)
    ledger.flush()
    found = host_uses(core)
    assert len(found) == MAX_REFUSED_HOSTS + 1
    assert found[0] == (OTHER_HOSTS, date(2026, 11, 21), 0, 7)
    assert found[1] == ("h000.example", date(2026, 11, 21), 0, 2)
    clock.advance(24 * 3600)
    ledger.count_host(tenant.id, one, "x" * 300, allowed=False)
    ledger.flush()
    assert host_uses(core)[-1] == ("x" * 255, date(2026, 11, 22), 0, 1)
