"""Which installations get hosts, what the supervisor is told, and what happens without locks."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from extensions.sdk.errors import SdkError
from geminicrm.app import Core
from geminicrm.kernel.audit import AuditEntry
from geminicrm.kernel.errors import Finding
from geminicrm.runtime.call_context import CallContext
from geminicrm.runtime.failures import ExtensionFailed, HostUnavailable, LoadFailed
from geminicrm.runtime.host.control import Desired, Ensure, Forgive, Retire, States
from geminicrm.runtime.hosting.errands import Errands
from geminicrm.runtime.hosting.supervising import NoSupervisor
from geminicrm.runtime.hosting.supervisor_client import SupervisorAway
from geminicrm.runtime.live import Code
from tests.support.core import Tenant, make_tenant
from tests.support.fake_hosts import LOCKED, HostSide, Played
from tests.support.life import rows
from tests.support.sample_extensions import QUIET, Stage, with_method, write_package

UNLOCKED = {**LOCKED, "landlock": "off: the kernel has none"}
PlayedOn = Callable[..., Played]


def code(played: Played, **changes: Any) -> tuple[Code, Any]:
    """Write a package; give a draft's code and manifest."""
    package = write_package(played.stage.packages, QUIET, **changes)
    made = Code(installation_id="inst_1", digest=package.digest, built_in=False, trusted=False)
    return made, package.manifest


def test_each_installation_has_a_host_of_its_own(core: Core, played: Played, tenant: Tenant):
    other = make_tenant(core, "south")
    one, two = played.put(tenant), played.put(other, trusted=True)
    played.stage.put(tenant, QUIET, id="built-in")
    north, south = played.stage.find(tenant), played.stage.find(other)

    assert north.loaded.host is not None
    assert south.loaded.host is not None
    assert (north.loaded.host.installation_id, north.loaded.host.locked) == (one, True)
    assert (south.loaded.host.installation_id, south.loaded.host.locked) == (two, False)
    assert played.supervisor.asked(Ensure) == [], "hosts start when they are needed"
    played.stage.runtime.hosting.wait()
    desired = played.supervisor.asked(Desired)[-1]
    digest = north.digest
    assert sorted(desired.hosts) == sorted([(one, digest, True), (two, digest, False)])
    assert desired.number == played.stage.runtime.convergence.table.generation


def test_one_that_is_switched_off_is_not_desired(played: Played, tenant: Tenant):
    one = played.put(tenant)
    played.stage.find(tenant)
    played.stage.change(tenant, one, enabled=False)
    played.stage.runtime.reconcile()
    played.stage.runtime.hosting.wait()

    assert played.supervisor.asked(Desired)[-1].hosts == ()


def test_built_ins_are_nothing_to_tell_a_supervisor_of(played: Played, tenant: Tenant):
    played.stage.put(tenant, QUIET)
    played.stage.runtime.reconcile()
    played.stage.runtime.hosting.wait()

    assert played.supervisor.questions == []


def test_hooks_come_from_the_row_else_from_the_manifest_or_the_source(
    played: Played, tenant: Tenant
):
    made, manifest = code(played, hooks=["on_event"])
    hosting = played.stage.runtime.hosting

    assert list(hosting.version(made, manifest).hooks) == ["on_event"]
    source = with_method("@hookimpl\ndef collect_widget(self):\n    return None")
    silent = write_package(played.stage.packages, source)
    older = replace(made, digest=silent.digest)
    assert list(hosting.version(older, silent.manifest).hooks) == ["collect_widget"]
    assert list(hosting.version(older, silent.manifest).hooks) == ["collect_widget"]
    found = Code(
        installation_id="i", digest=made.digest, built_in=False, trusted=False,
        hooks=("collect_widget", "steal_everything"),
    )  # fmt: skip
    assert list(hosting.version(found, manifest).hooks) == ["collect_widget"]


def test_without_locks_only_the_trusted_run(core: Core, played_on: PlayedOn, tenant: Tenant):
    played = played_on(core, machine=lambda: UNLOCKED)
    one = played.put(tenant)
    other = make_tenant(core, "south")
    played.put(other, trusted=True)
    with capture_logs():
        table = played.stage.runtime.reconcile()

    assert set(table.failed()) == {one}
    assert "this machine has no locks for it" in table.failed()[one]
    assert played.stage.row(tenant, one).status == "failed"
    assert table.find(other.id, "sample") is not None
    assert not played.stage.runtime.hosting.confines()
    made, manifest = code(played)
    with pytest.raises(LoadFailed, match="no admin has trusted it"):
        played.stage.runtime.hosting.examine(made, manifest)


def test_a_missing_folder_is_one_installations_trouble(played: Played, tenant: Tenant):
    one = played.put(tenant, digest="sha256:" + "0" * 64)

    table = played.stage.runtime.reconcile()
    assert table.not_loaded().keys() == {one}
    assert table.failed() == {}


@pytest.mark.parametrize(
    ("refusal", "finding"),
    [
        ("load_failed", Finding("a.py:1", "load_failed", "import: it")),
        ("timeout", Finding("", "timeout", "Loading it did not end in time: it.")),
        ("locks_failed", Finding("", "locks_failed", "Its process can't be locked up: it.")),
    ],
)
def test_why_a_draft_cannot_be_loaded(played: Played, refusal: str, finding: Finding):
    made, manifest = code(played)
    played.refuses(refusal, "it", doing="import", where="a.py:1")

    assert played.stage.runtime.hosting.examine(made, manifest).findings == (finding,)


def test_a_draft_whose_process_ends_is_said_so(played: Played):
    made, manifest = code(played)
    played.refuses("crashed", "signal 11")
    (finding,) = played.stage.runtime.hosting.examine(made, manifest).findings

    assert finding.code == "died"
    assert "(signal 11)" in finding.message


def test_no_place_for_a_draft_is_not_its_fault(played: Played):
    made, manifest = code(played)
    played.refuses("busy", "1000 hosts run already")
    with pytest.raises(HostUnavailable, match="1000 hosts"):
        played.stage.runtime.hosting.examine(made, manifest)


def test_a_host_that_is_not_locked_is_refused(played: Played, tenant: Tenant):
    played.put(tenant)
    weak = type(played.supervisor.running)(3, "host-3", 1, (), (), UNLOCKED)
    played.supervisor.answers.append(weak)
    with capture_logs(), pytest.raises(ExtensionFailed) as caught:
        played.request(tenant)

    assert "these locks do not hold: landlock" in caught.value.reason
    assert [one.generation for one in played.supervisor.asked(Retire)] == [3]


def test_a_trusted_one_needs_no_locks(played: Played, tenant: Tenant):
    played.put(tenant, trusted=True)
    plain = type(played.supervisor.running)(1, "host-1", 1, (), (), {})
    played.supervisor.answers.append(plain)
    played.plays(lambda host: (host.begin(), host.answer(b"plain")))

    assert played.request(tenant).body == b"plain"


def test_a_supervisor_that_talks_nonsense(played: Played, tenant: Tenant):
    played.put(tenant)
    played.supervisor.answers.append(States(1, ()))
    with pytest.raises(HostUnavailable, match="answered with States"):
        played.request(tenant)


def test_python_packages_are_looked_for_when_a_host_starts(
    core: Core, played_on: PlayedOn, tenant: Tenant, tmp_path: Path
):
    asked: list[str] = []

    def requirements(manifest: Any, digest: str) -> Path:
        asked.append(digest)
        return tmp_path

    played = played_on(core, requirements=requirements)
    played.plays(lambda host: (host.begin(), host.answer()))
    played.put(tenant)
    installed = played.stage.find(tenant)
    assert asked == []
    played.request(tenant)

    assert asked == [installed.digest]
    assert played.supervisor.asked(Ensure)[0].spec.requirements == str(tmp_path)


def test_the_time_of_a_start_is_not_the_extensions(played: Played, tenant: Tenant):
    def play(host: HostSide) -> None:
        opening, _ = host.begin()
        host.answer(str(opening.seconds > 4).encode())

    played.plays(play)
    played.put(tenant)

    assert played.request(tenant).body == b"True"


def test_a_crash_loop_switches_it_off_once(played: Played, tenant: Tenant):
    one = played.put(tenant)
    installed = played.stage.find(tenant)
    for _ in range(3):
        played.refuses("crash_loop", "signal 9", lines=("first", "last"))
        with capture_logs(), pytest.raises(ExtensionFailed, match="sample"):
            played.stage.runtime.calls.run(
                context_of(played.stage, installed, tenant),
                installed.loaded.extension.install,
            )
        played.stage.runtime.hosting.wait()

    row = played.stage.row(tenant, one)
    assert (row.enabled, row.status) == (False, "failed")
    assert row.error == (
        "Its process ended again and again: signal 9. It was switched off.\nfirst\nlast"
    )
    (entry,) = [entry for entry in audit(played, tenant) if entry.action == "extension.crashed"]
    assert entry.subject == "sample"
    assert entry.changes == {"reason": "signal 9", "lines": ["first", "last"]}
    assert played.stage.runtime.convergence.find(tenant.id, "sample") is None
    played.stage.runtime.runner.forgive(one)
    assert played.supervisor.asked(Forgive) == [Forgive(one)]


def test_a_crash_loop_inside_of_a_write_waits_for_it(played: Played, tenant: Tenant):
    one = played.put(tenant)
    installed = played.stage.find(tenant)
    played.refuses("crash_loop", "signal 9")
    with capture_logs():
        with played.stage.core.works.write(tenant.system()), pytest.raises(ExtensionFailed):
            played.stage.runtime.calls.run(
                context_of(played.stage, installed, tenant),
                installed.loaded.extension.install,
            )
        played.stage.runtime.hosting.wait()

    assert not played.stage.row(tenant, one).enabled


def test_without_a_supervisor_nothing_runs_and_all_goes_on(stage: Stage, tenant: Tenant):
    nobody = NoSupervisor()
    with pytest.raises(SupervisorAway):
        nobody.ask(Forgive("inst_1"), 0.0)
    with pytest.raises(ConnectionRefusedError):
        nobody.connect_host("host-1")
    nobody.close()
    stage.runtime.runner.forgive("inst_1")
    played = stage.put(tenant, QUIET, row={"built_in": False, "trusted": True})
    installed = stage.find(tenant)
    assert played == installed.id
    with pytest.raises(HostUnavailable, match="there is no supervisor for Ensure"):
        stage.runtime.calls.run(
            context_of(stage, installed, tenant), installed.loaded.extension.install
        )


def test_errands_that_fail_are_logged():
    errands = Errands()

    def trip() -> None:
        raise OSError("no luck")

    with capture_logs() as logs:
        errands.run("trip", trip)
        errands.wait()

    assert [line["errand"] for line in logs] == ["trip"]


def audit(played: Played, tenant: Tenant) -> list[AuditEntry]:
    return rows(played.stage, tenant, AuditEntry)  # type: ignore[arg-type]  # all it needs is the core


def context_of(stage: Stage, installed: Any, tenant: Tenant) -> CallContext:
    return CallContext(installed, tenant.owner(), "install", 5.0, (SdkError,))
