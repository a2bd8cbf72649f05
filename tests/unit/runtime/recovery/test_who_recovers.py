"""Who ends what killed processes began: not under the living, and not for ever."""

from dataclasses import replace

import pytest
from sqlalchemy import update
from sqlalchemy.exc import SQLAlchemyError
from structlog.testing import capture_logs

from geminicrm.kernel.clock import FixedClock
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.owners import own_name
from geminicrm.runtime.history.models import Run
from geminicrm.runtime.install.draft_facts import facts_of
from geminicrm.runtime.install.drafting import Draft
from geminicrm.runtime.install.files import held, place_tree
from geminicrm.runtime.install.lock import LEASE_SECONDS, WorkspaceLock
from geminicrm.runtime.models import InstallLock, StoredDocument
from geminicrm.runtime.problems import NotInstalled
from geminicrm.runtime.recovery.recovery import Recovery
from geminicrm.runtime.recovery.watch import RecoveryWatch
from tests.support.core import START, Tenant, make_tenant
from tests.support.life import ALL, HELLO, Life, files, rows, wanted, zipped
from tests.support.waiting import eventually
from tests.unit.runtime.recovery.conftest import (
    DEAD,
    WHY,
    ended,
    half_install,
    leave_behind,
    owned_by,
)


def test_who_works_is_not_disturbed(life: Life, tenant: Tenant, clock: FixedClock):
    half_install(life, tenant)
    owned_by(life, tenant, own_name())
    assert life.cycle.recovery.recover() == 0
    clock.advance(LEASE_SECONDS + 1)
    assert life.cycle.recovery.recover() == 1


def test_a_holder_on_another_machine_has_until_its_lease_ends(
    life: Life, tenant: Tenant, clock: FixedClock
):
    half_install(life, tenant)
    owned_by(life, tenant, f"elsewhere|{own_name().partition('|')[2]}")
    assert life.cycle.recovery.recover() == 0
    clock.advance(LEASE_SECONDS + 1)
    assert life.cycle.recovery.recover() == 1


def test_a_lock_of_the_dead_is_let_go_of(life: Life, tenant: Tenant):
    with WorkspaceLock(life.core.works, tenant.owner()).held(0):
        owned_by(life, tenant, DEAD)
        assert life.cycle.recovery.recover() == 0
    assert rows(life, tenant, InstallLock)[0].holder == ""


def test_whoever_changes_something_ends_it_first(life: Life, tenant: Tenant):
    half_install(life, tenant)
    life.cycle.install(tenant.owner(), ALL)
    assert ended(life, tenant)[0] == "undone"
    assert life.runner.calls == ["uninstall", "unload", "probe", "load", "install"]
    assert rows(life, tenant, StoredDocument) == []


def test_files_that_somebody_installs_from_stay(life: Life, tenant: Tenant):
    half_install(life, tenant)
    with held(life.packages):
        assert life.cycle.recovery.recover() == 1
    assert len(life.folders()) == 1


def test_files_that_another_workspace_has_stay(life: Life, tenant: Tenant):
    life.cycle.install(make_tenant(life.core, "south").owner(), ALL)
    leave_behind(life, tenant, "install")
    life.cycle.recovery.recover()
    assert len(life.folders()) == 1


def test_one_that_was_installed_since_keeps_what_it_has(life: Life, tenant: Tenant):
    draft = half_install(life, tenant)
    life.cycle.recovery.recover()
    life.cycle.install(tenant.owner(), ALL)
    life.runner.calls.clear()
    noted = facts_of(replace(draft, installation_id="inst_of_old"), life.cycle.pipeline.tools.seal)
    with life.core.works.write(tenant.system()) as work:
        document = StoredDocument(id=new_id("doc"), extension_id=HELLO, key="k", value="1", size=1)
        document.updated_at = START
        work.session.add(document)
        work.session.execute(update(Run).values({Run.owner: "somebody"}))
    facts = {"draft": noted, "folder_made": True, "documents": 0, "installing": True}
    leave_behind(life, tenant, "install", **facts)
    life.cycle.recovery.recover()
    assert life.runner.calls == ["unload"]
    assert len(rows(life, tenant, StoredDocument)) == 1
    assert len(life.folders()) == 1


def test_an_unknown_kind_is_left_for_who_knows_it(life: Life, tenant: Tenant):
    leave_behind(life, tenant, "transmute")
    with capture_logs() as logs:
        assert life.cycle.recovery.recover() == 0
    assert [one["event"] for one in logs if one["log_level"] == "error"] == [
        "a run of an unknown kind was left behind"
    ]
    assert ended(life, tenant)[0] == "running"


def test_one_that_can_not_be_ended_keeps_nobody_and_is_tried_again(
    life: Life, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
):
    def stuck(_draft: Draft) -> None:
        raise OSError("stuck")

    half_install(life, tenant)
    with monkeypatch.context() as patch, capture_logs():
        patch.setattr(life.runner, "unload", stuck)
        assert life.cycle.recovery.recover() == 0
        assert ended(life, tenant)[0] == "running"
    assert life.cycle.recovery.recover() == 1


@pytest.mark.parametrize("data", ["keep", "purge"])
def test_an_uninstall_goes_on(life: Life, tenant: Tenant, data: str):
    life.cycle.install(tenant.owner(), ALL)
    leave_behind(life, tenant, "uninstall", data=data)
    assert life.cycle.recovery.recover() == 1
    assert ended(life, tenant) == ("done", None)
    (removed,) = life.cycle.removals.removed(tenant.owner())
    assert (removed["data"], removed["removed_by"]) == (data, "Olga Owner")
    with pytest.raises(NotInstalled):
        life.cycle.get(tenant.owner(), HELLO)


def test_an_uninstall_of_what_is_gone_ends(life: Life, tenant: Tenant):
    leave_behind(life, tenant, "uninstall", data="keep")
    life.cycle.recovery.recover()
    assert ended(life, tenant) == ("undone", f"{WHY} It is not installed any more.")


def test_an_uninstall_of_what_is_needed_now_stops(life: Life, tenant: Tenant):
    life.cycle.install(tenant.owner(), ALL)
    needy = {"id": "needs-hello", "requires": {"extensions": {HELLO: "^1.0.0"}}}
    life.shelf.put(zipped(files(**needy)), "needs-hello")
    life.cycle.install(tenant.owner(), wanted(extension_id="needs-hello"))
    leave_behind(life, tenant, "uninstall", data="keep")
    life.cycle.recovery.recover()
    state, error = ended(life, tenant)
    assert state == "undone"
    assert "needs-hello" in str(error)
    assert len(rows(life, tenant)) == 2


@pytest.mark.parametrize("kind", ["upgrade", "rollback", "return"])
def test_another_version_beside_the_present_one_is_taken_away(
    life: Life, tenant: Tenant, kind: str
):
    draft = half_install(life, tenant, documents=1)
    life.cycle.recovery.recover()
    with life.core.works.write(tenant.system()) as work:
        work.session.execute(update(Run).values({Run.owner: "somebody"}))
    life.runner.calls.clear()
    place_tree(draft.folder, files())
    noted = facts_of(draft, life.cycle.pipeline.tools.seal)
    leave_behind(life, tenant, kind, draft=noted, folder_made=True)
    life.cycle.recovery.recover()
    assert ended(life, tenant) == ("undone", f"{WHY} The version before was not touched.")
    assert life.runner.calls == ["unload"]
    assert life.folders() == []


def test_a_process_that_lives_looks_by_itself(
    life: Life, tenant: Tenant, request: pytest.FixtureRequest
):
    watch = RecoveryWatch(life.cycle.recovery, seconds=0.01)
    request.addfinalizer(watch.stop)
    watch.start()
    half_install(life, tenant)
    assert eventually(lambda: ended(life, tenant)[0] == "undone", 20)


def test_a_database_that_is_away_is_asked_again(life: Life, monkeypatch: pytest.MonkeyPatch):
    asked: list[int] = []

    def away(_self: Recovery) -> int:
        asked.append(1)
        raise SQLAlchemyError("away")

    monkeypatch.setattr(Recovery, "recover", away)
    watch = RecoveryWatch(life.cycle.recovery, seconds=0.01)
    with capture_logs() as logs:
        watch.start()
        assert eventually(lambda: asked)
        watch.stop()
    assert "no look at killed runs" in logs[-1]["event"]
