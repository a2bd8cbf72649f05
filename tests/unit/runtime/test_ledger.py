from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import select

from geminicrm.app import Core
from geminicrm.kernel.clock import FixedClock
from geminicrm.runtime.ledger import Ledger
from geminicrm.runtime.models import ScopeUse
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
