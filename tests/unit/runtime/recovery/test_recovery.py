"""Ending what a killed process began: when it is done, and what becomes of it."""

from typing import Any

import pytest
from structlog.testing import capture_logs

from geminicrm.kernel.work import Actor
from geminicrm.runtime.failures import ExtensionFailed
from geminicrm.runtime.history.models import Run
from geminicrm.runtime.install.drafting import Draft, Outcome
from geminicrm.runtime.models import InstallLock, StoredDocument
from geminicrm.runtime.recovery.case import MOST_TRIES
from tests.support.core import Tenant
from tests.support.life import Life, rows
from tests.unit.runtime.recovery.conftest import DEAD, WHY, ended, half_install, leave_behind


def test_a_half_install_is_taken_back(life: Life, tenant: Tenant):
    draft = half_install(life, tenant)
    assert life.cycle.recovery.recover() == 1
    assert ended(life, tenant) == ("undone", f"{WHY} Nothing of it is left.")
    assert life.runner.calls == ["uninstall", "unload"]
    assert life.folders() == []
    assert rows(life, tenant, StoredDocument) == []
    assert life.core.runtime.logs.tail(draft.installation_id, 5) == []
    (lock,) = rows(life, tenant, InstallLock)
    assert (lock.holder, lock.owner) == ("", None)
    assert life.cycle.recovery.recover() == 0


def test_secrets_leave_the_journal_with_the_run(life: Life, tenant: Tenant):
    half_install(life, tenant)
    life.cycle.recovery.recover()
    (run,) = [row for row in rows(life, tenant, Run) if row.owner == DEAD]
    assert run.facts == {"folder_made": True, "documents": 0, "installing": True, "tries": 1}


def test_documents_of_an_earlier_installation_stay(life: Life, tenant: Tenant):
    half_install(life, tenant, documents=1)
    life.cycle.recovery.recover()
    assert len(rows(life, tenant, StoredDocument)) == 1


def test_an_install_that_had_not_begun_is_not_answered(life: Life, tenant: Tenant):
    half_install(life, tenant, installing=False)
    life.cycle.recovery.recover()
    assert life.runner.calls == ["unload"]


def test_a_run_without_anything_made_just_ends(life: Life, tenant: Tenant):
    leave_behind(life, tenant, "install")
    assert life.cycle.recovery.recover() == 1
    assert ended(life, tenant)[0] == "undone"
    assert life.runner.calls == []


def refusing(_actor: Actor, _draft: Draft) -> Outcome:
    return Outcome(success=False, message="the account is locked")


def failing(_actor: Actor, draft: Draft) -> Outcome:
    raise ExtensionFailed(draft.extension_id, "uninstall()", "extension.py:9", "ValueError: no")


def broken(_actor: Actor, _draft: Draft) -> Outcome:
    raise KeyError("a fault of our own")


@pytest.mark.parametrize(
    ("uninstall", "words"),
    [(refusing, "the account is locked"), (failing, "ValueError"), (broken, "a fault of our own")],
)
def test_what_goes_wrong_is_told_and_stops_nothing(
    life: Life, tenant: Tenant, uninstall: Any, words: str
):
    half_install(life, tenant)
    life.runner.uninstalling = uninstall
    with capture_logs():
        life.cycle.recovery.recover()
    state, error = ended(life, tenant)
    assert state == "undone"
    assert error is not None
    assert error.startswith(f"{WHY} Nothing of it is left, but ")
    assert words in error
    assert life.folders() == []


def test_code_that_ends_its_process_is_left_alone_in_the_end(life: Life, tenant: Tenant):
    half_install(life, tenant, tries=MOST_TRIES)
    life.cycle.recovery.recover()
    assert life.runner.calls == ["unload"]
    assert "its uninstall() was left out" in str(ended(life, tenant)[1])
