"""Schedules of extensions: rows that follow the installed set, and what runs when they are due."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from structlog.testing import capture_logs

from geminicrm.app import Core
from geminicrm.identity.models import Workspace
from geminicrm.kernel.clock import FixedClock
from geminicrm.kernel.generation import RUNTIME
from geminicrm.kernel.jobs.models import Schedule
from geminicrm.kernel.jobs.schedules import Schedules
from geminicrm.runtime import schedules
from geminicrm.runtime.models import Installation
from geminicrm.runtime.schedules import SCHEDULE_KIND, SCHEDULE_SECONDS, ScheduleKeeper
from tests.support.core import START, Tenant, make_tenant
from tests.support.job_samples import WORKER, jobs, work
from tests.support.sample_extensions import Stage

HOURLY = {"id": "hourly", "cron": "0 * * * *", "description": "Fetches."}
NIGHTLY = {"id": "nightly", "cron": "30 3 * * *"}


@pytest.fixture
def core(both_cores: Core) -> Core:
    """Give a core on each engine."""
    return both_cores


def rows(core: Core) -> list[Schedule]:
    with core.works.across_workspaces("look") as unit:
        return list(unit.session.scalars(select(Schedule).order_by(Schedule.name)))


def names(core: Core) -> list[str]:
    return [row.name for row in rows(core)]


def uninstall(stage: Stage, tenant: Tenant, one: str) -> None:
    with stage.core.works.write(tenant.system()) as unit:
        unit.session.delete(unit.get(Installation, one))
        stage.core.generations.bump(unit, RUNTIME)


def seen(stage: Stage, tenant: Tenant) -> Any:
    extension: Any = stage.find(tenant).loaded.extension
    return extension.seen


def test_what_is_installed_has_its_rows(stage: Stage, tenant: Tenant):
    one = stage.put(tenant, WORKER, schedules=[HOURLY, NIGHTLY])
    stage.runtime.schedules.step()
    hourly, nightly = rows(stage.core)
    assert (hourly.kind, hourly.target, hourly.workspace_id) == (SCHEDULE_KIND, one, tenant.id)
    assert (hourly.cron, hourly.zone, hourly.description) == ("0 * * * *", "UTC", "Fetches.")
    assert (hourly.seconds, hourly.next_at) == (SCHEDULE_SECONDS, START + timedelta(hours=1))
    assert (nightly.description, nightly.enabled) == ("", True)


def test_each_workspace_has_its_own(stage: Stage, tenant: Tenant):
    south = make_tenant(stage.core, "south")
    for where in (tenant, south):
        stage.put(where, WORKER, schedules=[HOURLY])
    stage.runtime.schedules.step()
    assert {row.workspace_id for row in rows(stage.core)} == {tenant.id, south.id}


def test_they_follow_every_change_of_the_installed_set(stage: Stage, tenant: Tenant):
    keeper = stage.runtime.schedules
    one = stage.put(tenant, WORKER, schedules=[HOURLY])
    found = []
    for change in (
        {},
        {"enabled": False},
        {"enabled": True},
        {"manifest": {**stage.row(tenant, one).manifest, "schedules": [NIGHTLY]}},
        {"hooks": ["on_event"]},
        {"hooks": ["on_schedule"]},
    ):
        stage.change(tenant, one, **change)
        keeper.step()
        found.append(names(stage.core))
    assert found == [["hourly"], [], ["hourly"], ["nightly"], [], ["nightly"]]
    uninstall(stage, tenant, one)
    keeper.step()
    assert names(stage.core) == []


def test_where_nothing_changes_a_schedule_goes_on_where_it_was(
    stage: Stage, tenant: Tenant, clock: FixedClock
):
    one = stage.put(tenant, WORKER, schedules=[HOURLY])
    stage.runtime.schedules.step()
    (before,) = rows(stage.core)
    clock.advance(7200)
    stage.change(tenant, one, settings={"a": 1})
    stage.runtime.schedules.step()
    (after,) = rows(stage.core)
    assert (after.id, after.next_at) == (before.id, before.next_at)


def test_a_new_zone_of_the_workspace_counts(
    stage: Stage, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
):
    stage.put(tenant, WORKER, schedules=[NIGHTLY])
    stage.runtime.schedules.step()
    with stage.core.works.across_workspaces("move", write=True) as unit:
        unit.session.get_one(Workspace, tenant.id).time_zone = "Asia/Tokyo"
    stage.runtime.schedules.step()
    assert rows(stage.core)[0].zone == "UTC", "it looks once a minute"
    monkeypatch.setattr(schedules, "_LOOK_SECONDS", 0.0)
    stage.runtime.schedules.step()
    (row,) = rows(stage.core)
    assert (row.zone, row.next_at) == ("Asia/Tokyo", START + timedelta(hours=9, minutes=30))


def test_another_worker_may_be_quicker(
    stage: Stage, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
):
    def taken(*_given: object) -> None:
        raise IntegrityError("INSERT", {}, ValueError("it is there"))

    stage.put(tenant, WORKER, schedules=[HOURLY])
    monkeypatch.setattr(schedules, "keep_schedules", taken)
    with capture_logs() as logs:
        stage.runtime.schedules.step()
    assert "another worker was quicker to keep schedules" in [one["event"] for one in logs]


def test_two_workers_keep_the_same_rows(stage: Stage, tenant: Tenant):
    stage.put(tenant, WORKER, schedules=[HOURLY])
    for _ in range(2):
        ScheduleKeeper(stage.core.works, stage.core.generations).step()
    assert names(stage.core) == ["hourly"]


def test_it_runs_when_its_time_has_come(stage: Stage, tenant: Tenant, clock: FixedClock):
    stage.put(tenant, WORKER, schedules=[HOURLY])
    stage.runtime.schedules.step()
    ticking = Schedules(stage.core.works)
    assert ticking.tick() == 0
    clock.advance(3 * 3600 + 60)
    assert ticking.tick() == 1
    work(stage.core, stage.runtime)
    assert seen(stage, tenant) == [("hourly", START + timedelta(hours=1), 1, False)]
    assert [one.state for one in jobs(stage.core, tenant)] == ["done"]
    assert rows(stage.core)[0].next_at == START + timedelta(hours=4)


def test_a_run_that_failed_comes_again(stage: Stage, tenant: Tenant, clock: FixedClock):
    stage.put(tenant, WORKER, schedules=[{**HOURLY, "id": "failing"}])
    stage.runtime.schedules.step()
    clock.advance(3600)
    Schedules(stage.core.works).tick()
    with capture_logs():
        work(stage.core, stage.runtime)
        clock.advance(2)
        work(stage.core, stage.runtime)
    assert [one[2:] for one in seen(stage, tenant)] == [(1, False), (2, True)]


def test_what_was_switched_off_meanwhile_does_not_run(
    stage: Stage, tenant: Tenant, clock: FixedClock
):
    one = stage.put(tenant, WORKER, schedules=[HOURLY])
    stage.runtime.schedules.step()
    clock.advance(3600)
    Schedules(stage.core.works).tick()
    stage.change(tenant, one, enabled=False)
    work(stage.core, stage.runtime)
    assert [row.state for row in jobs(stage.core, tenant)] == ["cancelled"]
