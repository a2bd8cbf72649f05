"""The living workers, and what they hold."""

from collections import Counter
from dataclasses import replace

from geminicrm.app import Core
from geminicrm.identity.actor import PersonActor
from geminicrm.jobs.protocols import Label
from geminicrm.jobs.workers import shapes
from geminicrm.runtime.leases import WorkerState
from tests.support.core import START, Tenant
from tests.support.jobs import put

LEASE = WorkerState("wrk_06fa1c6w4r7k2m9d3h5x8q1e", "near:/var/crm", "worker", 7, 1, "", START, {})


def test_each_worker_with_what_it_holds():
    holding = {
        ("near", 7): Counter({("ws_1", "ins_a"): 3, ("ws_1", "ins_b"): 1, ("ws_2", "ins_c"): 2}),
        ("near", 8): Counter({("ws_2", "ins_c"): 1}),
    }
    web = replace(LEASE, kind="web", pid=9)
    idle = replace(LEASE, id="wrk_06fa1c6w4r8k2m9d3h5x8q1e", machine="far:/var/crm")
    alive, other, gone = shapes([idle, web, LEASE], holding, "ws_1", {"ins_a": Label("Mill")})
    assert (alive["machine"], alive["pid"], alive["alive"]) == ("near", 7, True)
    assert alive["since"] == "1977-03-23T05:46:27.942151Z"
    assert [(one["target_name"], one["jobs"]) for one in alive["holds"]] == [("Mill", 3), (None, 1)]
    assert alive["elsewhere"] == 2
    assert (other["machine"], other["holds"], other["elsewhere"]) == ("far", [], 0)
    assert (gone["pid"], gone["alive"], gone["since"], gone["elsewhere"]) == (8, False, None, 1)


def test_operators_see_them_and_nobody_else(
    core: Core, tenant: Tenant, south: Tenant, admin: PersonActor, operator: PersonActor
):
    put(core, tenant.id, 2, state="running", leased_by="far~1|boot|ns|4711|9")
    put(core, south.id, state="running", leased_by="far~1|boot|ns|4711|9")
    put(core, tenant.id, leased_by=None)
    assert core.jobs.summary(admin)["workers"] is None
    (gone,) = core.jobs.summary(operator)["workers"]
    assert (gone["machine"], gone["pid"], gone["alive"]) == ("far", 4711, False)
    assert gone["holds"] == [{"target": "ins_mill", "target_name": None, "jobs": 2}]
    assert gone["elsewhere"] == 1
