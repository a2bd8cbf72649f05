"""The way back from each step, and two that come at once."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import event, select

from geminicrm.kernel.errors import AppError, Conflict, Finding
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.work import Actor
from geminicrm.runtime.failures import ExtensionFailed
from geminicrm.runtime.install.drafting import Draft, Outcome
from geminicrm.runtime.install.files import held
from geminicrm.runtime.install.state import InstallState, Order
from geminicrm.runtime.models import Installation, InstallLock
from geminicrm.runtime.problems import AlreadyInstalled
from tests.support.core import START, Tenant, make_tenant
from tests.support.life import ALL, HELLO, Life, fails, rows


def failing_load(draft: Draft) -> None:
    raise ExtensionFailed(draft.extension_id, "import", "extension.py:3", "ValueError: no")


def failing_install(_actor: Actor, draft: Draft) -> Outcome:
    raise ExtensionFailed(draft.extension_id, "install()", "extension.py:9", "ValueError: no")


def broken_install(_actor: Actor, _draft: Draft) -> Outcome:
    raise KeyError("a fault of our own")


def test_a_probe_that_finds_something_takes_the_files_away(life: Life, tenant: Tenant):
    life.runner.findings = [Finding("extension.py:3", "load_failed", "It raises.")]
    error = fails(life, tenant, "load")
    assert (error.place, error.reason) == ("extension.py:3", "It raises.")
    assert life.folders() == []
    assert life.runner.calls == ["probe"]


def test_a_load_that_fails_takes_the_files_away(life: Life, tenant: Tenant):
    life.runner.loading = failing_load
    assert fails(life, tenant, "load").place == "extension.py:3"
    assert life.folders() == []


def test_an_install_that_fails_takes_all_away(life: Life, tenant: Tenant):
    life.runner.installing = failing_install
    assert fails(life, tenant, "mount").place == "extension.py:9"
    assert life.folders() == []
    assert life.runner.calls == ["probe", "load", "install", "unload"]


def test_a_fault_of_our_own_takes_all_away_and_keeps_its_name(life: Life, tenant: Tenant):
    life.runner.installing = broken_install
    with pytest.raises(KeyError, match="a fault of our own"):
        life.cycle.install(tenant.owner(), ALL)
    assert life.folders() == []
    assert rows(life, tenant) == []


def test_an_undo_that_fails_does_not_stop_the_others(
    life: Life, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
):
    def unload(_draft: Draft) -> None:
        raise OSError("stuck")

    monkeypatch.setattr(life.runner, "unload", unload)
    life.runner.installing = failing_install
    fails(life, tenant, "mount")
    assert life.folders() == []


def test_files_that_others_install_from_stay(life: Life, tenant: Tenant):
    def install(_actor: Actor, _draft: Draft) -> Outcome:
        # Another installer comes and will use the folder: it holds its share until it is done.
        shared.__enter__()
        return Outcome(success=False, message="no")

    shared = held(life.packages)
    life.runner.installing = install
    fails(life, tenant, "mount")
    shared.__exit__(None, None, None)
    assert len(life.folders()) == 1


def test_files_that_another_workspace_uses_stay(life: Life, tenant: Tenant):
    other = make_tenant(life.core, "south")

    def install(_actor: Actor, draft: Draft) -> Outcome:
        with life.core.works.write(other.system()) as work:
            work.session.add(row_of(draft, "elsewhere"))
        return Outcome(success=False, message="no")

    life.runner.installing = install
    fails(life, tenant, "mount")
    assert len(life.folders()) == 1


def row_of(draft: Draft, extension_id: str) -> Installation:
    return Installation(
        id=new_id("inst"),
        extension_id=extension_id,
        version=draft.version,
        digest=draft.digest,
        manifest=dict(draft.manifest.source),
        granted=[],
        settings={},
        created_at=START,
        updated_at=START,
    )


def test_a_lost_race_for_the_row_undoes_and_names_it(both_lives: Life):
    life = both_lives
    tenant = make_tenant(life.core, "north")

    def install(_actor: Actor, draft: Draft) -> Outcome:
        with life.core.works.write(tenant.system()) as work:
            work.session.add(row_of(draft, HELLO))
        return Outcome()

    life.runner.installing = install
    with pytest.raises(AlreadyInstalled):
        life.cycle.install(tenant.owner(), ALL)
    assert life.runner.calls == ["probe", "load", "install", "uninstall", "unload"]
    assert len(rows(life, tenant)) == 1
    assert len(life.folders()) == 1


def test_an_undo_of_install_that_fails_hides_nothing(life: Life, tenant: Tenant):
    def install(_actor: Actor, draft: Draft) -> Outcome:
        with life.core.works.write(tenant.system()) as work:
            work.session.add(row_of(draft, HELLO))
        return Outcome()

    life.runner.installing = install
    life.runner.uninstalling = failing_install
    with pytest.raises(AlreadyInstalled):
        life.cycle.install(tenant.owner(), ALL)


def test_whoever_lost_the_lock_stores_nothing(life: Life, tenant: Tenant):
    def install(_actor: Actor, _draft: Draft) -> Outcome:
        with life.core.works.write(tenant.system()) as work:
            work.session.scalars(select(InstallLock)).one().holder = "another"
        return Outcome()

    life.runner.installing = install
    with pytest.raises(Conflict, match="took too long"):
        life.cycle.install(tenant.owner(), ALL)
    assert rows(life, tenant) == []
    assert life.folders() == []


def test_a_commit_that_fails_undoes_install(
    life: Life, tenant: Tenant, request: pytest.FixtureRequest
):
    def refuse(_mapper: object, _connection: object, _row: object) -> None:
        raise OSError("the disk is full")

    event.listen(Installation, "before_insert", refuse)
    request.addfinalizer(lambda: event.remove(Installation, "before_insert", refuse))
    with pytest.raises(OSError, match="the disk is full"):
        life.cycle.install(tenant.owner(), ALL)
    assert rows(life, tenant) == []
    assert life.folders() == []
    assert life.runner.calls[-2:] == ["uninstall", "unload"]


def outcomes(installs: list[Callable[[], object]]) -> list[str]:
    found: list[str] = []

    def run(install: Callable[[], object]) -> None:
        try:
            install()
            found.append("ok")
        except AppError as error:
            found.append(error.code)

    threads = [threading.Thread(target=run, args=(each,)) for each in installs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(found)


def test_two_installs_at_once_leave_one(both_lives: Life):
    life = both_lives
    tenant = make_tenant(life.core, "north")

    def install() -> object:
        return life.cycle.install(tenant.owner(), ALL)

    assert outcomes([install, install]) == ["already_installed", "ok"]
    assert len(rows(life, tenant)) == 1


def test_a_step_can_not_use_what_is_not_there_yet():
    order = Order(actor=Any, extension_id=HELLO, version=None)  # type: ignore[arg-type]  # not used
    with pytest.raises(RuntimeError, match="the step fetch has not run"):
        _ = InstallState(order=order).ref
