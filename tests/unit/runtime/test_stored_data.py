"""What becomes of documents and logs when extensions come and go, on both engines."""

from typing import Any

import pytest

from geminicrm.kernel.errors import AppError, Conflict
from geminicrm.runtime.install.drafting import Draft, Outcome
from geminicrm.runtime.problems import InstallFailed
from geminicrm.runtime.storage import Owner, Storage
from tests.support.core import Tenant, make_tenant
from tests.support.life import ALL, HELLO, Life, forget_removed, rows


@pytest.fixture
def tenant(both_lives: Life) -> Tenant:
    return make_tenant(both_lives.core, "north")


def storage(life: Life) -> Storage:
    return Storage(life.core.works)


def put(life: Life, tenant: Tenant, *keys: str) -> None:
    storage(life).put(Owner(tenant.system(), HELLO, None), dict.fromkeys(keys, b"1"))


def count(life: Life, tenant: Tenant) -> int:
    return storage(life).usage(Owner(tenant.system(), HELLO, None)).documents


@pytest.mark.parametrize(("data", "left"), [("keep", 2), ("purge", 0)])
def test_documents_stay_unless_purged(both_lives: Life, tenant: Tenant, data: Any, left: int):
    south = make_tenant(both_lives.core, "south")
    both_lives.cycle.install(tenant.owner(), ALL)
    put(both_lives, tenant, "a", "b")
    put(both_lives, south, "c")
    removed = both_lives.cycle.uninstall(tenant.owner(), HELLO, data)
    assert (removed.documents, removed.kept) == (2, data == "keep")
    assert removed.data == "its settings and 2 documents are"
    assert (count(both_lives, tenant), count(both_lives, south)) == (left, 1)
    plan = both_lives.cycle.plan(tenant.owner(), HELLO)
    assert plan.kept_documents == left


@pytest.mark.parametrize(
    ("documents", "told"), [((), "settings are"), (("a",), "and 1 document are")]
)
def test_what_stays_is_told_in_words(
    both_lives: Life, tenant: Tenant, documents: tuple[str, ...], told: str
):
    both_lives.cycle.install(tenant.owner(), ALL)
    for key in documents:
        put(both_lives, tenant, key)
    removed = both_lives.cycle.uninstall(tenant.owner(), HELLO)
    assert removed.data.endswith(told)


@pytest.mark.parametrize(("before", "left"), [((), 0), (("kept",), 2)])
def test_an_install_that_fails_leaves_no_new_documents(
    both_lives: Life, tenant: Tenant, before: tuple[str, ...], left: int
):
    for key in before:
        put(both_lives, tenant, key)

    def install(_actor: object, _draft: Draft) -> Outcome:
        put(both_lives, tenant, "new")
        return Outcome(success=False, message="No licence.")

    both_lives.runner.installing = install
    with pytest.raises(InstallFailed):
        both_lives.cycle.install(tenant.owner(), ALL)
    assert count(both_lives, tenant) == left


def test_whoever_lost_the_lock_deletes_nobodys_documents(
    both_lives: Life, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
):
    def lost(*_: object) -> None:
        raise Conflict("Somebody else installs now.")

    def install(_actor: object, _draft: Draft) -> Outcome:
        put(both_lives, tenant, "theirs")
        monkeypatch.setattr("geminicrm.runtime.install.lock.WorkspaceLock.confirm", lost)
        return Outcome()

    both_lives.runner.installing = install
    with pytest.raises(AppError):
        both_lives.cycle.install(tenant.owner(), ALL)
    assert count(both_lives, tenant) == 1


@pytest.mark.parametrize(("data", "left"), [("keep", 1), ("purge", 0)])
def test_a_log_stays_until_the_way_back_is_gone(
    both_lives: Life, tenant: Tenant, data: Any, left: int
):
    logs = both_lives.core.runtime.logs
    both_lives.cycle.install(tenant.owner(), ALL)
    (row,) = rows(both_lives, tenant)
    logs.write(row.id, "info", "log", "hello")
    both_lives.cycle.collect(-1)
    assert len(logs.tail(row.id, 5)) == 1
    both_lives.cycle.uninstall(tenant.owner(), HELLO, data)
    both_lives.cycle.collect(-1)
    assert len(logs.tail(row.id, 5)) == 1
    forget_removed(both_lives, tenant)
    assert len(logs.tail(row.id, 5)) == left
    both_lives.cycle.collect(-1)
    assert logs.tail(row.id, 5) == []
