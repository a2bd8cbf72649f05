"""A disk without room: an error that says what to free, nothing left, all else goes on."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from geminicrm.kernel.errors import DiskFull
from geminicrm.runtime.history.models import Run
from geminicrm.runtime.install.drafting import Draft, Outcome
from geminicrm.runtime.install.state import Undecided
from geminicrm.runtime.models import Installation
from tests.support.core import Tenant
from tests.support.life import ALL, HELLO, Life, files, rows, wanted, zipped
from tests.support.sampling import Sample
from tests.support.wheels import put_wheel


def full_from(number: int, act: Callable[[int], None]) -> Callable[[int], None]:
    """Give an act that finds no room when it is done for the given time, and ever after."""
    left = [number]

    def done(descriptor: int) -> None:
        left[0] -= 1
        if left[0] <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        act(descriptor)

    return done


def expect_nothing(life: Life, tenant: Tenant) -> None:
    home = life.packages.parent
    assert rows(life, tenant) == []
    assert life.folders() == []
    assert list((home / "requirements").glob("[!b]*")) == []
    assert {run.state for run in rows(life, tenant, Run)} <= {"undone"}


@pytest.mark.long
def test_nothing_is_left_wherever_the_room_ends(
    life: Life, tenant: Tenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sample: Sample[int]
):
    wheel = put_wheel(tmp_path)
    content = files(requires={"python": ["tiny"]})
    life.shelf.put(zipped({**content, f"wheels/{wheel.name}": wheel.read_bytes()}), built_in=False)
    request = wanted(trust=HELLO, allow_unsigned=True)
    for number in sample(range(1, 15), 4):
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full_from(number, os.fsync))
            with pytest.raises(DiskFull, match=r"MiB are free there\. Nothing was changed\. Free"):
                life.cycle.install(tenant.owner(), request)
        expect_nothing(life, tenant)
    assert life.cycle.install(tenant.owner(), request).installation["enabled"]


def test_a_file_that_can_not_be_written_is_told_as_well(
    life: Life, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
):
    def refuse(_path: Path, **_given: object) -> None:
        raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "mkdir", refuse)
        with pytest.raises(DiskFull):
            life.cycle.install(tenant.owner(), ALL)
    expect_nothing(life, tenant)


def test_a_database_without_room_undoes_what_install_did(
    life: Life, tenant: Tenant, request: pytest.FixtureRequest
):
    def refuse(_mapper: object, _connection: object, _row: object) -> None:
        raise OperationalError("INSERT", {}, Exception("database or disk is full"))

    event.listen(Installation, "before_insert", refuse)
    request.addfinalizer(lambda: event.remove(Installation, "before_insert", refuse))
    with pytest.raises(DiskFull):
        life.cycle.install(tenant.owner(), ALL)
    expect_nothing(life, tenant)
    assert life.runner.calls[-2:] == ["uninstall", "unload"]


def test_a_database_that_goes_away_over_the_decision_leaves_it_to_the_recovery(
    life: Life, tenant: Tenant, request: pytest.FixtureRequest
):
    def lose(_mapper: object, _connection: object, _row: object) -> None:
        gone = Exception("the connection was closed")
        raise OperationalError("INSERT", {}, gone, connection_invalidated=True)

    def remember(_actor: object, draft: Draft) -> Outcome:
        seen.append(draft)
        return Outcome()

    seen: list[Draft] = []
    life.runner.installing = remember
    event.listen(Installation, "before_insert", lose)
    request.addfinalizer(lambda: event.remove(Installation, "before_insert", lose))
    with pytest.raises(Undecided, match="Look again in a moment"):
        life.cycle.install(tenant.owner(), ALL)
    assert life.runner.calls == ["probe", "load", "install"]
    assert seen[0].folder.is_dir()
    assert [run.state for run in rows(life, tenant, Run)] == ["running"]

    assert life.cycle.recovery.recover() == 1
    assert life.runner.calls[-2:] == ["uninstall", "unload"]
    expect_nothing(life, tenant)
