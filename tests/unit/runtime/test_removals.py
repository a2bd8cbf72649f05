"""Uninstalled, and brought back: the very installation, for 30 days."""

import shutil
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from geminicrm.kernel.clock import FixedClock
from geminicrm.kernel.crypto import Cipher
from geminicrm.kernel.errors import Conflict, NotFound, ScopeMissing
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.work import Actor
from geminicrm.runtime.failures import ExtensionFailed
from geminicrm.runtime.history.models import InstalledVersion, RemovedInstallation, Run
from geminicrm.runtime.install.drafting import Draft, Outcome
from geminicrm.runtime.models import Installation, KeptSettings, StoredDocument
from geminicrm.runtime.problems import InstalledAnew, InstallFailed, PackageGone
from geminicrm.runtime.reencryption import reencrypt
from tests.support.core import Tenant, make_tenant
from tests.support.life import ALL, HELLO, Life, files, offer, rows, wanted, zipped

SETTINGS = [
    {"id": "greeting", "type": "text", "label": "Greeting"},
    {"id": "api_key", "type": "password", "label": "API key"},
]
DATA = pytest.mark.parametrize("data", ["keep", "purge"])


@pytest.fixture
def life(both_lives: Life) -> Life:
    """Give a life cycle with an extension that has settings, on each engine."""
    offer(both_lives, settings=SETTINGS)
    return both_lives


@pytest.fixture
def tenant(life: Life) -> Tenant:
    """Give a workspace that has the extension, with a setting, a secret and a document."""
    made = make_tenant(life.core, "north")
    life.cycle.install(made.owner(), ALL)
    life.cycle.configure(made.owner(), HELLO, {"greeting": "Ho", "api_key": "s3cret"})
    store(life, made, "first")
    return made


def store(life: Life, tenant: Tenant, key: str) -> None:
    with life.core.works.write(tenant.system()) as work:
        row = StoredDocument(id=new_id("doc"), extension_id=HELLO, key=key, value="1", size=1)
        row.updated_at = work.now
        work.session.add(row)


def documents(life: Life, tenant: Tenant) -> dict[str, str]:
    return {row.key: row.extension_id for row in rows(life, tenant, StoredDocument)}


def restore(life: Life, tenant: Tenant) -> dict[str, Any]:
    (one,) = life.cycle.removals.removed(tenant.owner())
    return life.cycle.removals.restore(tenant.owner(), one["id"]).installation


def facts(row: Any) -> dict[str, Any]:
    dropped = {"revision", "updated_at", "secrets", "watch"}
    names = [column.key for column in Installation.__table__.columns if column.key not in dropped]
    return {name: getattr(row, name) for name in names}


@DATA
def test_the_very_installation_comes_back(life: Life, tenant: Tenant, data: Any):
    life.cycle.disable(tenant.owner(), HELLO)
    (before,) = rows(life, tenant)
    removed = life.cycle.uninstall(tenant.owner(), HELLO, data)
    assert rows(life, tenant) == []
    assert removed.documents == 1

    back = restore(life, tenant)
    (after,) = rows(life, tenant)
    assert facts(after) == facts(before)
    assert (back["id"], back["enabled"], back["secrets_set"]) == (before.id, False, ["api_key"])
    assert life.core.cipher.decrypt(after.secrets) == '{"api_key":"s3cret"}'
    assert documents(life, tenant) == {"first": HELLO}
    assert rows(life, tenant, KeptSettings) == []
    assert rows(life, tenant, RemovedInstallation) == []
    assert [row.installation_id for row in rows(life, tenant, InstalledVersion)] == [before.id]
    assert life.runner.calls[-3:] == ["uninstall", "load", "install"]
    runs = [(row.kind, row.state) for row in rows(life, tenant, Run)]
    assert sorted(runs) == [("install", "done"), ("restore", "done"), ("uninstall", "done")]


def test_what_was_purged_is_out_of_reach_meanwhile(life: Life, tenant: Tenant):
    life.cycle.uninstall(tenant.owner(), HELLO, "purge")
    (one,) = life.cycle.removals.removed(tenant.owner())
    assert documents(life, tenant) == {"first": f"~{one['id']}"}
    installed = life.cycle.install(tenant.owner(), ALL).installation
    assert (installed["secrets_set"], installed["settings"]["greeting"]) == ([], None)
    store(life, tenant, "first")
    life.cycle.uninstall(tenant.owner(), HELLO, "purge")
    assert len(rows(life, tenant, StoredDocument)) == 2


def test_it_says_what_can_be_brought_back(life: Life, tenant: Tenant, clock: FixedClock):
    life.cycle.uninstall(tenant.owner(), HELLO, "purge")
    (one,) = life.cycle.removals.removed(tenant.owner("read:extensions"))
    assert one == {
        "id": one["id"],
        "extension_id": HELLO,
        "name": "Hello World",
        "version": "1.0.0",
        "data": "purge",
        "documents": 1,
        "removed_at": "2026-11-21T09:00:00.000000Z",
        "removed_by": "Olga Owner",
        "expires_at": "2026-12-21T09:00:00.000000Z",
    }
    clock.advance(timedelta(days=30).total_seconds())
    assert life.cycle.removals.removed(tenant.owner()) == []
    with pytest.raises(NotFound):
        life.cycle.removals.restore(tenant.owner(), one["id"])


@DATA
def test_what_nobody_brought_back_goes_for_good(
    life: Life, tenant: Tenant, clock: FixedClock, data: Any
):
    (row,) = rows(life, tenant)
    life.core.runtime.logs.write(row.id, "info", "log", "hello")
    life.cycle.uninstall(tenant.owner(), HELLO, data)
    assert life.cycle.collect(-1) == []
    assert len(life.core.runtime.logs.tail(row.id, 5)) == 1

    clock.advance(timedelta(days=31).total_seconds())
    assert len(life.cycle.collect(-1)) == 1
    assert rows(life, tenant, RemovedInstallation) == []
    assert rows(life, tenant, InstalledVersion) == []
    assert documents(life, tenant) == {"keep": {"first": HELLO}, "purge": {}}[data]
    assert life.core.runtime.logs.tail(row.id, 5) == []


def test_somebody_who_changes_the_workspace_now_is_not_disturbed(
    life: Life, tenant: Tenant, clock: FixedClock
):
    life.cycle.uninstall(tenant.owner(), HELLO)
    clock.advance(timedelta(days=31).total_seconds())

    def install(_actor: Actor, _draft: Draft) -> Outcome:
        assert life.cycle.removals.collect() == 0
        return Outcome()

    life.runner.installing = install
    life.cycle.install(tenant.owner(), ALL)
    assert life.cycle.removals.collect() == 1


def test_one_that_was_installed_anew_is_not_replaced(life: Life, tenant: Tenant):
    life.cycle.uninstall(tenant.owner(), HELLO)
    life.cycle.install(tenant.owner(), ALL)
    with pytest.raises(InstalledAnew, match="Uninstall it first"):
        restore(life, tenant)


def test_documents_of_two_installations_do_not_mix(life: Life, tenant: Tenant):
    life.cycle.uninstall(tenant.owner(), HELLO, "purge")
    (old,) = life.cycle.removals.removed(tenant.owner())
    life.cycle.install(tenant.owner(), ALL)
    store(life, tenant, "second")
    life.cycle.uninstall(tenant.owner(), HELLO)
    with pytest.raises(InstalledAnew, match="left documents"):
        life.cycle.removals.restore(tenant.owner(), old["id"])
    later = life.cycle.removals.removed(tenant.owner())[0]
    life.cycle.removals.restore(tenant.owner(), later["id"])
    life.cycle.uninstall(tenant.owner(), HELLO, "purge")
    life.cycle.removals.restore(tenant.owner(), old["id"])
    assert documents(life, tenant)["first"] == HELLO
    assert documents(life, tenant)["second"].startswith("~")


def test_what_it_requires_has_to_be_there(life: Life, tenant: Tenant):
    needy = {"id": "needs-hello", "requires": {"extensions": {HELLO: "^1.0.0"}}}
    life.shelf.put(zipped(files(**needy)), "needs-hello")
    life.cycle.install(tenant.owner(), wanted(extension_id="needs-hello"))
    for name in ("needs-hello", HELLO):
        life.cycle.uninstall(tenant.owner(), name)
    last, first = life.cycle.removals.removed(tenant.owner())
    assert (last["extension_id"], first["extension_id"]) == (HELLO, "needs-hello")
    with pytest.raises(Conflict, match="hello-world"):
        life.cycle.removals.restore(tenant.owner(), first["id"])
    life.cycle.removals.restore(tenant.owner(), last["id"])
    life.cycle.removals.restore(tenant.owner(), first["id"])


def test_files_that_are_gone_are_told(life: Life, tenant: Tenant):
    life.cycle.uninstall(tenant.owner(), HELLO)
    shutil.rmtree(life.packages / life.folders()[0])
    with pytest.raises(PackageGone, match="Install it from the marketplace"):
        restore(life, tenant)
    assert len(life.cycle.removals.removed(tenant.owner())) == 1


def refusing(_actor: Actor, _draft: Draft) -> Outcome:
    return Outcome(success=False, message="The account is closed.")


def failing(_actor: Actor, draft: Draft) -> Outcome:
    raise ExtensionFailed(draft.extension_id, "install()", "extension.py:9", "ValueError: no")


@DATA
@pytest.mark.parametrize(
    ("install", "reason"), [(refusing, "The account is closed."), (failing, "ValueError: no.")]
)
def test_one_that_can_not_come_back_stays_removed(
    life: Life, tenant: Tenant, data: Any, install: Any, reason: str
):
    life.cycle.uninstall(tenant.owner(), HELLO, data)
    left = documents(life, tenant)
    life.runner.installing = install
    with pytest.raises(InstallFailed) as caught:
        restore(life, tenant)
    assert (caught.value.step, caught.value.reason) == ("mount", reason)
    assert documents(life, tenant) == left
    assert rows(life, tenant) == []
    assert life.runner.calls[-2:] == ["uninstall", "unload"]
    (error,) = [row.error for row in rows(life, tenant, Run) if row.state == "undone"]
    assert error == "The step 'mount' failed. It stays removed."
    life.runner.installing = lambda _actor, _draft: Outcome()
    assert restore(life, tenant)["version"] == "1.0.0"


def test_settings_that_install_saves_are_kept(life: Life, tenant: Tenant):
    def install(_actor: Actor, draft: Draft) -> Outcome:
        draft.settings.plain["greeting"] = "Salut"
        draft.settings.noted()
        return Outcome()

    life.cycle.uninstall(tenant.owner(), HELLO)
    life.runner.installing = install
    assert restore(life, tenant)["settings"]["greeting"] == "Salut"


def test_a_new_key_reads_what_was_removed(life: Life, tenant: Tenant):
    life.cycle.uninstall(tenant.owner(), HELLO)
    new = Cipher(
        ["dGVzdHRlc3R0ZXN0dGVzdHRlc3R0ZXN0dGVzdHRlc3Q=", *life.core.settings.encryption_keys]
    )
    # The kept settings and the removed installation.
    assert reencrypt(life.core.works, new) == 2
    (removed,) = rows(life, tenant, RemovedInstallation)
    alone = Cipher(["dGVzdHRlc3R0ZXN0dGVzdHRlc3R0ZXN0dGVzdHRlc3Q="])
    assert alone.decrypt(removed.facts["secrets"]) == '{"api_key":"s3cret"}'


def test_only_who_manages_extensions_may(life: Life, tenant: Tenant):
    life.cycle.uninstall(tenant.owner(), HELLO)
    (one,) = life.cycle.removals.removed(tenant.owner())
    reader = tenant.owner("read:extensions")
    for act in (life.cycle.removals.restore, life.cycle.removals.forget):
        with pytest.raises(ScopeMissing):
            act(reader, one["id"])
    stranger = make_tenant(life.core, "south")
    for act in (life.cycle.removals.restore, life.cycle.removals.forget):
        with pytest.raises(NotFound):
            act(stranger.owner(), one["id"])
    with life.core.works.read(tenant.system()) as work:
        assert work.session.scalar(select(RemovedInstallation.id)) == one["id"]
