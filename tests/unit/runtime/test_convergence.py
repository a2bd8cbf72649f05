import shutil
import threading
from collections.abc import Callable

import pytest
from structlog.testing import capture_logs

from geminicrm.app import Core
from geminicrm.kernel.clock import FixedClock
from geminicrm.kernel.generation import RUNTIME, Generation
from geminicrm.runtime import versions as versions_module
from geminicrm.runtime.failures import ExtensionAway
from geminicrm.runtime.watch import Watch
from tests.support.core import Tenant, make_tenant
from tests.support.sample_extensions import HEAD, QUIET, Stage, with_method, write_package
from tests.support.waiting import eventually

GOOD = HEAD + QUIET
StageOf = Callable[..., Stage]


def test_a_bump_is_seen_by_the_next_look(stage: Stage, tenant: Tenant):
    convergence = stage.runtime.convergence
    assert convergence.current().find(tenant.id, "sample") is None

    one = stage.put(tenant, GOOD)

    installed = convergence.current().find(tenant.id, "sample")
    assert installed is not None
    assert (installed.id, installed.name) == (one, "Sample")
    assert convergence.current() is convergence.table, "nothing changed: nothing is built"


def test_switched_off_and_removed_ones_are_gone(stage: Stage, tenant: Tenant):
    one = stage.put(tenant, GOOD)
    stage.find(tenant)

    stage.change(tenant, one, enabled=False)

    assert stage.runtime.convergence.find(tenant.id, "sample") is None


def test_each_workspace_has_its_own(core: Core, stage: Stage, tenant: Tenant):
    other = make_tenant(core, "south")
    stage.put(tenant, GOOD, id="north-only")
    stage.put(tenant, GOOD)
    stage.put(other, GOOD)
    north, south = stage.find(tenant), stage.find(other)

    assert north.loaded is south.loaded, "one version serves all workspaces"
    assert north.id != south.id
    assert stage.runtime.convergence.find(other.id, "north-only") is None


def test_one_that_cannot_be_loaded_is_marked_and_the_others_go_on(stage: Stage, tenant: Tenant):
    broken = stage.put(tenant, "raise ValueError('no luck')", id="broken")
    nonsense = stage.put(tenant, GOOD, id="nonsense", row={"manifest": {"id": "x"}})
    stage.put(tenant, GOOD)

    with capture_logs() as logs:
        table = stage.runtime.reconcile()

    assert set(table.failed()) == {broken, nonsense}
    assert table.find(tenant.id, "sample") is not None
    row = stage.row(tenant, broken)
    assert row.status == "failed"
    assert row.error == "broken failed in import at extension.py:1 in <module>: ValueError: no luck"
    assert stage.row(tenant, nonsense).error
    assert len([line for line in logs if line["event"] == "an installation can't be loaded"]) == 2


def test_a_bump_of_another_machine_is_found_on_a_miss(
    core: Core, stage: Stage, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
):
    stage.runtime.reconcile()
    with monkeypatch.context() as patch:
        patch.setattr(core.generations, "raise_to", lambda *_: None)
        stage.put(tenant, GOOD)
        assert stage.runtime.convergence.current().find(tenant.id, "sample") is None

    assert stage.runtime.convergence.find(tenant.id, "sample") is not None
    assert stage.runtime.convergence.find(tenant.id, "unknown") is None


def test_a_lost_number_does_not_make_every_request_rebuild(core: Core, stage: Stage):
    core.generations.raise_to(RUNTIME, 40)
    table = stage.runtime.reconcile()

    assert table.generation == 40
    assert stage.runtime.convergence.current() is table


def test_threads_that_see_the_bump_together_build_once(stage: Stage, tenant: Tenant):
    stage.runtime.reconcile()
    stage.put(tenant, GOOD)
    tables: list[object] = []
    threads = [
        threading.Thread(target=lambda: tables.append(stage.runtime.convergence.current()))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(tables) == 8
    assert len({id(table) for table in tables}) == 1


def test_the_content_hash_tells_workers_apart(stage: Stage, tenant: Tenant):
    before = stage.runtime.reconcile().content_hash
    one = stage.put(tenant, GOOD)
    after = stage.runtime.reconcile().content_hash
    stage.change(tenant, one, settings={"a": 1})

    assert len({before, after, stage.runtime.reconcile().content_hash}) == 3


def test_an_unused_version_is_unloaded_after_its_grace(
    stage: Stage, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
):
    one = stage.put(tenant, GOOD)
    installed = stage.find(tenant)
    loaded = installed.loaded
    versions = stage.runtime.versions
    stage.change(tenant, one, enabled=False)
    stage.runtime.reconcile()
    assert versions.get(installed.manifest, installed.digest) is loaded, "calls may be in it"

    monkeypatch.setattr(versions_module, "GRACE_SECONDS", 0.0)
    stage.runtime.convergence.tidy()
    assert versions.get(installed.manifest, installed.digest) is not loaded


def test_a_version_in_use_again_is_kept(stage: Stage, tenant: Tenant):
    one = stage.put(tenant, GOOD)
    loaded = stage.find(tenant).loaded
    stage.change(tenant, one, enabled=False)
    stage.runtime.reconcile()
    stage.change(tenant, one, enabled=True)

    assert stage.find(tenant).loaded is loaded


def test_every_living_worker_of_the_machine_has_to_serve_it(
    both_cores: Core, stage_of: StageOf, clock: FixedClock
):
    core = both_cores
    one, two = stage_of(core), stage_of(core, kind="worker")
    for stage in (one, two):
        stage.runtime.reconcile()
    with core.works.across_workspaces("bump", write=True) as work:
        generation = core.generations.bump(work, RUNTIME)

    assert not one.runtime.wait_live(generation, 0.02)
    one.runtime.reconcile()
    assert not one.runtime.wait_live(generation, 0.02)
    two.runtime.reconcile()
    assert one.runtime.wait_live(generation, 0.02)
    kinds = {state.kind: state for state in one.runtime.leases.alive()}
    assert set(kinds) == {"web", "worker"}
    assert kinds["web"].content_hash == kinds["worker"].content_hash

    clock.advance(6)
    assert one.runtime.leases.alive() == [], "a dead worker's lease runs out"
    assert one.runtime.leases.all_serve(generation + 1)
    clock.advance(60)
    stage_of(core).runtime.reconcile()
    assert len(one.runtime.leases.alive()) == 1


def test_a_started_runtime_follows_by_itself_and_stops(core: Core, stage: Stage, tenant: Tenant):
    stage.runtime.start()
    assert stage.runtime.leases.alive()[0].pid
    stage.put(tenant, GOOD)
    assert stage.runtime.wait_live(core.generations.get(RUNTIME), 5.0)
    assert stage.runtime.convergence.table.find(tenant.id, "sample") is not None

    stage.runtime.stop()

    assert stage.runtime.leases.alive() == []
    assert "extensions watch" not in {thread.name for thread in threading.enumerate()}


def test_the_watch_repairs_renews_and_flushes_when_due(
    core: Core, stage: Stage, tenant: Tenant, clock: FixedClock
):
    now = [0.0]
    runtime = stage.runtime
    watch = Watch(
        runtime.convergence, (runtime.ledger.flush,), stage.metrics, lambda: None, lambda: now[0]
    )
    watch.tick()
    assert runtime.convergence.acknowledged == 0
    one = stage.put(tenant, GOOD)
    with core.works.across_workspaces("behind its back", write=True) as work:
        work.session.get_one(Generation, RUNTIME).value += 1
    runtime.ledger.count(tenant.id, one, "read:leads", allowed=True)
    clock.advance(4)

    now[0] = 11.0
    watch.tick()

    assert runtime.convergence.acknowledged == 2
    assert stage.metrics.flushed == 1
    clock.advance(4)
    assert len(runtime.leases.alive()) == 1, "renewed"
    assert runtime.convergence.table.find(tenant.id, "sample") is not None


def test_the_watch_outlives_a_database_that_is_away(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    def away() -> bool:
        raise OSError("the database is away")

    with capture_logs() as logs, monkeypatch.context() as patch:
        patch.setattr(stage.runtime.convergence, "repair", away)
        stage.runtime.start()
        eventually(lambda: [line for line in logs if line["event"].startswith("the watch failed")])

    eventually(lambda: stage.runtime.convergence.table.generation == 0)


def test_a_missing_folder_is_one_installations_trouble(stage: Stage, tenant: Tenant):
    package = write_package(stage.packages, GOOD)
    shutil.rmtree(package.folder)
    one = stage.put_package(tenant, package)

    table = stage.runtime.reconcile()

    assert table.not_loaded() == {one: "its package is on its way"}
    with pytest.raises(ExtensionAway, match="is being fetched"):
        stage.find(tenant)
    eventually(lambda: not stage.runtime.packages.busy(), 20)
    stage.runtime.convergence.follow()
    with pytest.raises(ExtensionAway, match="stored nowhere"):
        stage.find(tenant)
    assert stage.row(tenant, one).status == "enabled", "another machine may have it"


def test_only_who_may_read_a_record_gets_its_hooks(stage: Stage, tenant: Tenant):
    source = with_method(
        """
        @hookimpl
        def collect_badges(self, record_type, records):
            return None

        @hookimpl
        def collect_widget(self, widget):
            return None
        """
    )
    stage.put(tenant, source, row={"granted": ["read:leads", "write:deals"]})
    table = stage.runtime.convergence.current()

    hooks = ("collect_badges:lead", "collect_badges:deal", "collect_widget")
    assert [len(table.with_hook(tenant.id, hook)) for hook in hooks] == [1, 0, 1]


def test_a_command_that_served_nothing_leaves_no_trace(
    core: Core, stage_of: StageOf, monkeypatch: pytest.MonkeyPatch
):
    command = stage_of(core, kind="command")
    with monkeypatch.context() as patch:
        patch.setattr(core.works, "across_workspaces", lambda *_: pytest.fail("not asked"))
        command.runtime.stop()


def test_who_waits_does_not_wait_for_itself(core: Core, stage: Stage, tenant: Tenant):
    stage.runtime.reconcile()
    stage.put(tenant, GOOD)

    assert stage.runtime.wait_live(core.generations.get(RUNTIME), 0.0)
