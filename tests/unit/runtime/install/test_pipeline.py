"""The steps in order, and the way back from each of them."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event, select

from geminicrm.app import Core
from geminicrm.kernel.errors import AppError, BadRequest, Conflict, Finding
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.work import Actor
from geminicrm.runtime.consent import InstallRequest
from geminicrm.runtime.failures import ExtensionFailed
from geminicrm.runtime.install import resolve
from geminicrm.runtime.install.files import held
from geminicrm.runtime.install.state import Draft, InstallState, Order, Outcome, Refused
from geminicrm.runtime.manifest import build_manifest
from geminicrm.runtime.models import Installation, InstallLock
from geminicrm.runtime.problems import AlreadyInstalled, InstallFailed
from tests.support.core import START, Tenant, make_tenant
from tests.support.life import HELLO, Life, files, make_life, manifest, zipped

ALL = InstallRequest(extension_id=HELLO, grant="requested")


def count(life: Life, tenant: Tenant) -> int:
    with life.core.works.read(tenant.system()) as work:
        return len(work.session.scalars(select(Installation)).all())


def fails(life: Life, tenant: Tenant, step: str) -> InstallFailed:
    with pytest.raises(InstallFailed) as caught:
        life.cycle.install(tenant.owner(), ALL)
    assert caught.value.step == step
    assert count(life, tenant) == 0
    return caught.value


@pytest.mark.parametrize(
    "digest", ["", "sha256:", "md5:d41d8cd98f00b204e9800998ecf8427e", "A" * 64]
)
def test_no_digest_no_install(life: Life, tenant: Tenant, digest: str):
    content = zipped(files())
    life.shelf.put(content, digest=digest)
    assert "no SHA-256 digest" in fails(life, tenant, "verify").reason


def test_other_bytes_than_published_are_refused(life: Life, tenant: Tenant):
    ref = life.shelf.put(zipped(files()))
    life.shelf.contents[ref.digest] = zipped(files(name="Evil"))
    assert "not the published one" in fails(life, tenant, "verify").reason
    assert life.folders() == []


def test_a_registry_that_answers_with_another_is_refused(life: Life, tenant: Tenant):
    ref = life.shelf.put(zipped(files(id="other-one")), "other-one")
    life.shelf.refs[HELLO, "1.0.0"] = ref
    assert "another extension" in fails(life, tenant, "fetch").reason


def test_a_reader_that_refuses_is_quoted(core: Core, tenant: Tenant):
    def unpack(_content: bytes) -> dict[str, bytes]:
        raise BadRequest("It is a book.")

    life = make_life(core, unpack=unpack)
    life.shelf.put(zipped(files()))
    assert fails(life, tenant, "validate").reason == "It is a book."


@pytest.mark.parametrize("content", [{"../x": b""}, {**files(), "a": b"", "a/b": b""}, {"x": b""}])
def test_a_reader_that_lets_too_much_through_is_not_trusted(
    core: Core, tenant: Tenant, content: dict[str, bytes]
):
    life = make_life(
        core, unpack=lambda _content: {"manifest.json": files()["manifest.json"], **content}
    )
    life.shelf.put(zipped(files()))
    fails(life, tenant, "validate")
    assert life.folders() == []


def test_a_package_without_manifest_is_refused(core: Core, tenant: Tenant):
    life = make_life(core, unpack=lambda _content: {"x": b""})
    life.shelf.put(zipped(files()))
    assert fails(life, tenant, "validate").place == "manifest.json"


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"requires": {"extensions": {"base": "^2.0.0"}}}, "1.0.0 is installed"),
        ({"requires": {"extensions": {"absent": "*"}}}, "install that first"),
    ],
)
def test_what_is_required_is_told_in_words(
    life: Life, tenant: Tenant, wish: dict[str, Any], words: str
):
    life.shelf.put(zipped(files(id="base")), "base")
    life.cycle.install(tenant.owner(), InstallRequest(extension_id="base", grant="requested"))
    life.shelf.put(zipped(files(**wish)))
    with pytest.raises(InstallFailed) as caught:
        life.cycle.install(tenant.owner(), ALL)
    assert words in caught.value.reason
    assert caught.value.extra["errors"][0]["code"] == "needs_extension"


def test_a_core_that_is_too_old_is_told(core: Core, tenant: Tenant):
    life = make_life(core)
    life.shelf.put(zipped(files(requires={"geminicrm": ">=9"})))
    assert ">=9" in str(fails(life, tenant, "validate").extra)


def test_resolve_compares_with_this_core(life: Life, tenant: Tenant):
    made = build_manifest(manifest(api_version=1, requires={"geminicrm": ">=2.0.0"}))
    order = Order(actor=tenant.owner(), extension_id=HELLO, version=None)
    other = replace(life.cycle.pipeline.tools, api_versions={2, 3})
    with pytest.raises(Refused) as caught:
        resolve.do(InstallState(order=order, manifest_read=made), other)
    assert "It speaks api_version 1, and this core 2, 3." in caught.value.reason
    assert "It needs GeminiCRM Pro >=2.0.0, and this is 1.4.0." in caught.value.reason


def test_a_folder_that_is_there_is_used_again(life: Life, tenant: Tenant):
    life.cycle.install(tenant.owner(), ALL)
    life.cycle.uninstall(tenant.owner(), HELLO)
    (name,) = life.folders()
    before = (life.packages / name).stat().st_ino
    life.cycle.install(tenant.owner(), ALL)
    assert (life.packages / name).stat().st_ino == before


def test_a_folder_that_somebody_changed_is_refused(life: Life, tenant: Tenant):
    life.cycle.install(tenant.owner(), ALL)
    life.cycle.uninstall(tenant.owner(), HELLO)
    (life.packages / life.folders()[0] / "extension.py").write_text("evil = True\n")
    assert "Somebody changed it" in fails(life, tenant, "stage").reason
    assert len(life.folders()) == 1


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
    assert count(life, tenant) == 0


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
    assert count(life, tenant) == 1
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
    assert count(life, tenant) == 0
    assert life.folders() == []


def test_a_commit_that_fails_undoes_install(life: Life, tenant: Tenant):
    def refuse(_mapper: object, _connection: object, _row: object) -> None:
        raise OSError("the disk is full")

    event.listen(Installation, "before_insert", refuse)
    try:
        with pytest.raises(OSError, match="the disk is full"):
            life.cycle.install(tenant.owner(), ALL)
    finally:
        event.remove(Installation, "before_insert", refuse)
    assert count(life, tenant) == 0
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
    assert count(life, tenant) == 1


def test_a_step_can_not_use_what_is_not_there_yet():
    order = Order(actor=Any, extension_id=HELLO, version=None)  # type: ignore[arg-type]  # not used
    with pytest.raises(RuntimeError, match="the step fetch has not run"):
        _ = InstallState(order=order).ref
