"""Safe mode: nothing of an extension runs, nothing is lost, and it can be left while all runs."""

from pathlib import Path

import pytest
from sqlalchemy import select

from geminicrm.app import Core
from geminicrm.crm.shared.commands import ChangeRefused
from geminicrm.kernel.generation import RUNTIME
from geminicrm.kernel.jobs.kinds import Postponed
from geminicrm.kernel.jobs.models import Job
from geminicrm.runtime.failures import InSafeMode
from geminicrm.runtime.install.drafting import Draft, DraftSettings, Examined
from geminicrm.runtime.safe_mode import FILE, SafeMode, SafeModeForced
from tests.support.core import START, Tenant
from tests.support.sample_extensions import HEAD, QUIET, Stage, make_stage, with_method
from tests.support.working import Hands

REFUSES = with_method(
    """
    @hookimpl
    def before_record_save(self, change):
        raise Refused("never")

    @hookimpl
    def on_event(self, event):
        self.app.log.info("seen")

    @hookimpl
    def collect_settings_panel(self):
        return [Text("hi")]
    """
)


@pytest.fixture
def safe(tmp_path: Path) -> SafeMode:
    return SafeMode(tmp_path)


@pytest.fixture
def staged(core: Core, safe: SafeMode):
    stage = make_stage(core, safe=safe.on)
    yield stage
    stage.runtime.stop()


def test_the_file_says_who_and_why(safe: SafeMode):
    assert not safe.on()
    safe.enter("operator", "Something is wrong.", START)

    state = safe.state()
    assert safe.on()
    assert (state.on, state.by, state.reason) == (True, "operator", "Something is wrong.")
    assert state.since == START.isoformat(timespec="seconds")
    safe.leave()
    safe.leave()
    assert not safe.state().on


def test_a_file_that_somebody_made_by_hand_counts(safe: SafeMode, tmp_path: Path):
    (tmp_path / FILE).touch()

    assert safe.on()
    assert safe.state().on


def test_the_environment_wins(tmp_path: Path):
    SafeMode(tmp_path).enter("operator", "", START)
    forced, never = SafeMode(tmp_path, forced=True), SafeMode(tmp_path, forced=False)

    assert (forced.state().on, forced.state().by) == (True, "environment")
    assert not never.on()
    assert not never.state().on
    with pytest.raises(SafeModeForced, match="is on because GEMINICRM_SAFE_MODE"):
        forced.leave()
    with pytest.raises(SafeModeForced, match="is off because"):
        never.enter("operator", "", START)


def test_hooks_are_not_asked_and_routes_say_why(staged: Stage, tenant: Tenant, safe: SafeMode):
    staged.put(tenant, REFUSES)
    leads = staged.crm.records["lead"]
    with pytest.raises(ChangeRefused):
        leads.create(tenant.owner(), {"last_name": "A"})

    safe.enter("operator", "", START)
    staged.runtime.convergence.follow()

    assert leads.create(tenant.owner(), {"last_name": "A"})["last_name"] == "A"
    assert staged.runtime.hooks.settings_panel(tenant.owner(), "sample") is None
    with pytest.raises(InSafeMode, match="no extension runs"):
        staged.runtime.hooks.perform_action(tenant.owner(), "sample", "x", {})
    with pytest.raises(InSafeMode):
        staged.runtime.dispatcher.answer(tenant.owner(), "sample", {}, b"")


def test_it_is_left_live_and_says_so_in_the_lease(staged: Stage, tenant: Tenant, safe: SafeMode):
    staged.put(tenant, HEAD + QUIET)
    safe.enter("operator", "", START)
    staged.runtime.reconcile()
    (mine,) = staged.runtime.leases.alive()
    assert mine.safe

    safe.leave()
    staged.runtime.convergence.follow()

    assert staged.find(tenant).name == "Sample"
    assert staged.runtime.convergence.untold


def test_nothing_is_loaded_in_safe_mode(staged: Stage, tenant: Tenant, safe: SafeMode):
    safe.enter("start", "", START)
    staged.put(tenant, "raise SystemExit(3)")

    table = staged.runtime.reconcile()

    assert table.safe
    assert table.failed() == {}
    assert staged.row(tenant, staged.put(tenant, HEAD + QUIET, id="two")).status == "enabled"


def test_events_wait(staged: Stage, core: Core, tenant: Tenant, safe: SafeMode):
    staged.put(tenant, REFUSES.replace('raise Refused("never")', "return"), events=["lead.created"])
    hands = Hands(core, (staged.runtime.sink,))
    safe.enter("operator", "", START)
    staged.runtime.convergence.follow()
    staged.crm.records["lead"].create(tenant.owner(), {"last_name": "A"})
    with pytest.raises(InSafeMode):
        hands.work()

    safe.leave()
    staged.runtime.convergence.follow()
    hands.work()
    hands.close()

    with core.works.across_workspaces("look") as work:
        assert work.session.scalars(select(Job)).all() == []


def test_a_delivery_that_is_under_way_is_tried_again_later(
    staged: Stage, tenant: Tenant, safe: SafeMode
):
    one = staged.put(tenant, REFUSES, events=["lead.created"])
    staged.find(tenant)
    safe.enter("operator", "", START)
    staged.runtime.convergence.follow()

    with pytest.raises(Postponed, match="events wait"):
        staged.runtime.sink.deliver(one, None, 1)  # type: ignore[arg-type]  # not looked at


def test_versions_change_without_running_them(staged: Stage, tenant: Tenant, safe: SafeMode):
    staged.put(tenant, "raise SystemExit(3)")
    row = staged.row(tenant, staged.put(tenant, "raise SystemExit(3)", id="two"))
    draft = Draft(
        installation_id=row.id,
        workspace_id=tenant.id,
        extension_id="two",
        version="1.0.0",
        digest=row.digest,
        manifest=None,  # type: ignore[arg-type]  # not looked at
        folder=staged.packages,
        granted=(),
        settings=DraftSettings(),
        trusted=False,
        built_in=True,
    )
    safe.enter("operator", "", START)
    runner = staged.runtime.runner

    assert runner.probe(draft) == Examined()
    runner.load(draft)
    with pytest.raises(InSafeMode, match=r"its own uninstall\(\) was not run"):
        runner.uninstall(tenant.owner(), draft)


def test_the_number_of_the_table_goes_on_in_safe_mode(
    staged: Stage, core: Core, tenant: Tenant, safe: SafeMode
):
    safe.enter("operator", "", START)
    staged.put(tenant, HEAD + QUIET)

    assert staged.runtime.reconcile().generation == core.generations.get(RUNTIME)
    assert staged.runtime.wait_live(core.generations.get(RUNTIME), 0.0)
