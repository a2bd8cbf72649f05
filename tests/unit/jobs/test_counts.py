"""Counts of jobs: right as far as they go, and they do not go on for ever."""

from geminicrm.app import Core
from geminicrm.identity.actor import PersonActor
from geminicrm.jobs.counts import MOST
from geminicrm.kernel.clock import FixedClock
from tests.support.core import Tenant
from tests.support.jobs import EVENTS, put, put_dead

NOTHING = {"queued": 0, "running": 0, "done": 0, "dead": 0, "cancelled": 0}


def figures(one):
    return {name: one[name] for name in ("target", "queued", "running", "dead", "oldest_seconds")}


def test_nothing(core: Core, admin: PersonActor):
    found = core.jobs.summary(admin)
    assert (found["states"], found["oldest_seconds"], found["targets"]) == (NOTHING, None, [])


def test_states_and_targets(
    core: Core, tenant: Tenant, south: Tenant, admin: PersonActor, clock: FixedClock
):
    put(core, tenant.id, 2)
    clock.advance(60)
    put(core, tenant.id, 3, target="ins_forge")
    put(core, tenant.id, state="running", target="ins_forge", leased_by="somebody")
    put_dead(core, tenant.id, 4, target="ins_gone")
    put_dead(core, tenant.id, kind=EVENTS, target="ins_gone")
    put(core, tenant.id, state="done", target="ins_done")
    put(core, south.id, 7)
    put(core, "", 7, target="")
    clock.advance(30)
    found = core.jobs.summary(admin)
    assert found["states"] == {**NOTHING, "queued": 5, "running": 1, "dead": 5, "done": 1}
    assert found["oldest_seconds"] == 90
    assert [figures(one) for one in found["targets"]] == [
        {"target": "ins_forge", "queued": 3, "running": 1, "dead": 0, "oldest_seconds": 30},
        {"target": "ins_gone", "queued": 0, "running": 0, "dead": 5, "oldest_seconds": None},
        {"target": "ins_mill", "queued": 2, "running": 0, "dead": 0, "oldest_seconds": 90},
    ]
    groups = [(one["kind"], one["target"], one["jobs"]) for one in core.jobs.failed(admin)]
    assert groups == [(EVENTS, "ins_gone", 1), ("extension.job", "ins_gone", 4)]
    assert core.jobs.summary(south.owner())["states"] == {**NOTHING, "queued": 7}


def test_a_clock_that_was_set_back_makes_nothing_younger_than_now(
    core: Core, tenant: Tenant, admin: PersonActor, clock: FixedClock
):
    put(core, tenant.id)
    clock.advance(-60)
    assert core.jobs.summary(admin)["oldest_seconds"] == 0


def test_a_count_ends_after_ten_thousand(core: Core, tenant: Tenant, admin: PersonActor):
    put(core, tenant.id, MOST + 5)
    found = core.jobs.summary(admin)
    assert (found["most"], found["states"]["queued"]) == (MOST, MOST + 1)
    assert found["targets"][0]["queued"] == MOST + 1
