"""What needs attention, on real rows: gathered, counted for the navigation, kept for a moment."""

import shutil
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet

from geminicrm.app import Core
from geminicrm.kernel.errors import ScopeMissing
from geminicrm.kernel.generation import RUNTIME
from geminicrm.kernel.ids import new_id
from geminicrm.runtime.attention import gathering
from geminicrm.runtime.attention.assembly import AttentionNeeds, Care, build_care
from geminicrm.runtime.attention.attention import number_of
from geminicrm.runtime.attention.problem import Problem
from geminicrm.runtime.history.models import Run
from geminicrm.runtime.models import Installation, WorkerLease
from geminicrm.runtime.safe_mode import SafeMode
from tests.support.attention import codes
from tests.support.core import START, Tenant, make_tenant
from tests.support.sample_extensions import HEAD, QUIET, Stage

GOOD = HEAD + QUIET
UPDATE = {"extension_id": "sample", "name": "Sample", "version": "1", "latest": "2"}


def away(_actor):
    raise OSError("registry")


class Looked:
    """Problems of a stage, and how to break something."""

    def __init__(self, core: Core, stage: Stage, **rooms) -> None:
        self.core, self.stage = core, stage
        self.care: Care = build_care(
            AttentionNeeds(
                cipher=core.cipher,
                runtime=stage.runtime,
                life_cycle=core.life_cycle,
                safe_mode=SafeMode(core.settings.home),
                python_packages=lambda _manifest, _digest: None,
                **rooms,
            )
        )

    def codes(self, tenant: Tenant) -> list[str]:
        return codes(self.care.attention.list(tenant.owner()))


@pytest.fixture
def looked(both_cores: Core, stage_of) -> Looked:
    return Looked(both_cores, stage_of(both_cores))


@pytest.fixture
def north(both_cores: Core) -> Tenant:
    return make_tenant(both_cores, "north")


def test_nothing_is_wrong_at_first(looked: Looked, north: Tenant):
    looked.stage.runtime.reconcile()

    assert looked.codes(north) == []
    assert looked.care.attention.badge(north.owner()) is None


def test_only_of_the_own_workspace(looked: Looked, north: Tenant):
    south = make_tenant(looked.core, "south")
    looked.stage.put(south, GOOD, row={"status": "failed", "error": "x"})

    assert looked.codes(north) == []
    assert looked.codes(south) == ["failed"]


def test_a_missing_folder_lost_secrets_and_a_damaged_manifest(looked: Looked, north: Tenant):
    sealed = Fernet(Fernet.generate_key()).encrypt(b"{}").decode()
    looked.stage.put(north, GOOD, id="a-gone")
    shutil.rmtree(looked.stage.packages / looked.stage.find(north, "a-gone").digest)
    looked.stage.put(north, GOOD, id="b-lost", row={"secrets": sealed})
    looked.stage.put(north, GOOD, id="c-damaged", row={"manifest": {"id": "c"}})

    found = looked.care.attention.list(north.owner())

    told = {(one.code, one.extension_id) for one in found}
    assert ("package_missing", "a-gone") in told
    assert ("unreadable_secrets", "b-lost") in told
    assert ("unreadable_manifest", "c-damaged") in told


def test_a_folder_is_compared_once_for_each_state(looked: Looked, north: Tenant, monkeypatch):
    looked.stage.put(north, GOOD)
    compared: list[str] = []
    packages = looked.stage.runtime.packages

    def sound(_self, digest):
        compared.append(digest)
        return len(compared) == 1

    monkeypatch.setattr(type(packages), "sound", sound)

    assert looked.codes(north) == looked.codes(north) == []
    assert len(compared) == 1
    (packages.path(compared[0]) / "extension.py").write_text("changed")
    assert looked.codes(north) == ["package_changed"]


def test_a_worker_that_stays_behind(looked: Looked, north: Tenant, monkeypatch):
    monkeypatch.setattr(gathering, "LATE_SECONDS", 0.0)
    with looked.core.works.across_workspaces("be slow", write=True) as work:
        looked.core.generations.bump(work, RUNTIME)
        lease = {"lease_until": work.now + timedelta(seconds=5), "content_hash": "x"}
        work.session.add(
            WorkerLease(id="wrk_1", machine="m", kind="web", pid=1, generation=0, **lease)
        )

    assert looked.codes(north) == ["worker_behind"]


def test_a_run_that_failed(looked: Looked, north: Tenant):
    with looked.core.works.write(north.system()) as work:
        work.session.add(
            Run(
                id=new_id("run"),
                group_id="g",
                extension_id="sample",
                kind="install",
                state="failed",
                step="mount",
                facts={},
                owner="o",
                actor_kind="user",
                actor_id="u",
                actor_label="Olga",
                started_at=START,
            )
        )

    assert looked.codes(north) == ["unended_run"]


def test_a_room_that_fails_does_not_hide_the_rest(looked: Looked, north: Tenant):
    broken = Looked(looked.core, looked.stage, notices=away, registries=away, available=away)
    looked.stage.put(north, GOOD, row={"status": "failed", "error": "x", "manifest": {}})

    assert broken.codes(north) == ["unreadable_manifest"]


def test_the_number_beside_installed(looked: Looked, north: Tenant):
    updates = [{**UPDATE, "needs_consent": True}]
    care = Looked(looked.core, looked.stage, available=lambda _actor: updates).care
    assert care.attention.badge(north.owner()) is None, "nobody has been asked for updates yet"
    assert len(care.attention.list(north.owner())) == 1
    looked.stage.put(north, GOOD, row={"enabled": False, "status": "failed", "error": "x"})

    assert care.attention.badge(north.owner()) == 1, "problems first, updates only without any"
    assert care.attention.badge(north.owner("read:leads")) is None
    with pytest.raises(ScopeMissing):
        care.attention.list(north.owner("read:leads"))


def test_the_number_is_kept_until_something_changes(looked: Looked, north: Tenant):
    one = looked.stage.put(north, GOOD, row={"manifest": {}, "enabled": False})
    badge = looked.care.attention.badge
    assert badge(north.owner()) == 1
    with looked.core.works.write(north.system()) as work:
        work.session.delete(work.get(Installation, one))
    assert badge(north.owner()) == 1

    with looked.core.works.write(north.system()) as work:
        looked.core.generations.bump(work, RUNTIME)
    assert badge(north.owner()) is None


def test_what_merely_waits_is_counted_where_nothing_is_wrong():
    def of(severity):
        return Problem(code="x", severity=severity, extension_id=None, title="", detail="")

    assert number_of([]) is None
    assert number_of([of("info"), of("info")]) == 2
    assert number_of([of("danger"), of("info")]) == 1
