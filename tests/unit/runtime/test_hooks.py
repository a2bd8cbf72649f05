import threading
from typing import Any

import pytest
from structlog.testing import capture_logs

from extensions.sdk.actions import ActionResult
from geminicrm.app import Core
from geminicrm.crm.shared.commands import ChangeRefused
from geminicrm.kernel.errors import AppError, ScopeMissing
from geminicrm.runtime.failures import ExtensionFailed, ExtensionUnknown
from tests.support.core import Tenant, make_tenant
from tests.support.sample_extensions import HEAD, QUIET, Stage, with_method

GUARD = with_method(
    """
    seen = []

    @hookimpl
    def before_record_save(self, change):
        self.seen.append(change)
        if change.draft["last_name"] == "Bad":
            raise Refused("No bad names.", "last_name")
        if change.draft["last_name"] == "Crash":
            raise ValueError("crash")
        change.draft["last_name"] = "Changed"
    """
)
UI = {
    "record_panels": [
        {"id": "facts", "title": "Facts", "record": "lead"},
        {"id": "deal-facts", "title": "Deal facts", "record": "deal"},
    ],
    "dashboard_widgets": [{"id": "count", "title": "Count"}],
}
PANELS = with_method(
    """
    @hookimpl
    def collect_panel(self, panel, record):
        record["last_name"] = "Changed"
        return [Text(f"{panel} {record['id']}")]

    @hookimpl
    def collect_widget(self):
        return [Stat("Leads", len(self.app.leads.list().data))]

    @hookimpl
    def collect_settings_panel(self):
        return None

    @hookimpl
    def collect_badges(self, record_type, records):
        found = {one["id"]: Badge("New", "info") for one in records}
        records.clear()
        return found
    """
)


def test_changes_are_shown_before_they_are_made(stage: Stage, tenant: Tenant):
    stage.put(tenant, GUARD)
    lead = stage.crm.leads.create(tenant.owner(), {"last_name": "Lovelace"})
    stage.crm.leads.update(tenant.owner(), lead["id"], {"title": "Countess"})

    extension: Any = stage.find(tenant).loaded.extension
    created, updated = extension.seen
    assert (created.record_type, created.action, created.before) == ("lead", "create", None)
    assert (updated.action, updated.before["title"]) == ("update", None)
    assert updated.draft["title"] == "Countess"
    found = stage.crm.leads.get(tenant.owner(), lead["id"])
    assert found["last_name"] == "Lovelace", "a draft can't be changed"


def test_a_refusal_names_the_extension_and_the_field(stage: Stage, tenant: Tenant):
    one = stage.put(tenant, GUARD)
    with pytest.raises(ChangeRefused) as caught:
        stage.crm.leads.create(tenant.owner(), {"last_name": "Bad"})

    assert caught.value.extra["extension"] == "sample"
    (finding,) = caught.value.findings
    assert (finding.pointer, finding.message) == ("/last_name", "No bad names.")
    assert stage.crm.leads.list(tenant.owner()).data == []
    assert stage.runtime.calls.troubles(one) == [], "a refusal is an answer"


def test_an_extension_hears_of_a_refusal_by_another_as_refused(stage: Stage, tenant: Tenant):
    stage.put(tenant, GUARD)
    source = with_method(
        """
        def perform_action(self, action, values, record_type, record_id):
            try:
                self.app.leads.create({"last_name": "Bad"})
            except Refused as error:
                return ActionResult(toast=f"{error.field}: {error.reason}")
        """
    )
    stage.put(tenant, source, id="maker")

    result = stage.runtime.hooks.perform_action(tenant.owner(), "maker", "make", {})
    assert result.toast is not None
    assert result.toast.startswith("last_name: sample refused")


def test_a_hook_that_fails_does_not_stop_the_change(stage: Stage, tenant: Tenant):
    one = stage.put(tenant, GUARD)
    with capture_logs() as logs:
        lead = stage.crm.leads.create(tenant.owner(), {"last_name": "Crash"})

    assert lead["last_name"] == "Crash"
    (line,) = [line for line in logs if line["event"].startswith("a change was not checked")]
    assert (line["extension_id"], line["error"]) == ("sample", "extension_failed")
    (trouble,) = stage.runtime.calls.troubles(one)
    assert trouble.reason == "ValueError: crash"


def test_nobody_wants_what_nobody_hooks(core: Core, stage: Stage, tenant: Tenant):
    other = make_tenant(core, "south")
    stage.put(tenant, GUARD, row={"granted": ["read:leads"]})
    hooks = stage.runtime.hooks

    assert hooks.wants(tenant.owner(), "lead")
    assert not hooks.wants(tenant.owner(), "contact"), "without read:contacts"
    assert not hooks.wants(other.owner(), "lead")
    hooks.before_save(other.owner(), "lead", "create", None, {})


def test_an_extension_is_not_asked_about_its_own_changes(stage: Stage, tenant: Tenant):
    source = with_method(
        """
        seen = []

        @hookimpl
        def before_record_save(self, change):
            self.seen.append(change.draft["last_name"])
            if change.draft["last_name"] == "Outer":
                self.app.leads.create({"last_name": "Inner"})
        """
    )
    stage.put(tenant, source, id="first")
    stage.put(tenant, source + "\n", id="second")
    stage.crm.leads.create(tenant.owner(), {"last_name": "Outer"})

    seen: list[Any] = [stage.find(tenant, name).loaded.extension for name in ("first", "second")]
    assert [one.seen for one in seen] == [["Outer", "Inner"], ["Inner", "Outer"]]
    assert len(stage.crm.leads.list(tenant.owner()).data) == 3


def test_a_busy_hook_is_waited_for(stage: Stage, tenant: Tenant):
    stage.put(tenant, GUARD)
    threads = [
        threading.Thread(
            target=stage.crm.leads.create, args=(tenant.owner(), {"last_name": f"L{number}"})
        )
        for number in range(12)
    ]
    with capture_logs() as logs:
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]

    extension: Any = stage.find(tenant).loaded.extension
    assert len(extension.seen) == 12
    assert not [line for line in logs if line["event"].startswith("a change was not checked")]


def test_panels_widgets_and_badges_are_gathered(stage: Stage, tenant: Tenant):
    stage.put(tenant, PANELS, ui=UI)
    lead = stage.crm.leads.create(tenant.owner(), {"last_name": "Lovelace"})
    hooks = stage.runtime.hooks
    (panel,) = hooks.panels(tenant.owner(), "lead", lead)
    (widget,) = hooks.widgets(tenant.owner())
    records = [lead]
    badges = hooks.badges(tenant.owner(), "lead", records)

    assert (panel.extension_id, panel.name, panel.id, panel.title) == (
        "sample", "Sample", "facts", "Facts",
    )  # fmt: skip
    assert panel.blocks[0]["text"] == f"facts {lead['id']}"
    assert lead["last_name"] == "Lovelace"
    assert str(widget.blocks[0]["value"]) == "1"
    assert badges == {
        lead["id"]: ({"type": "badge", "text": "New", "tone": "info", "extension_id": "sample"},)
    }
    assert records == [lead]
    shown = hooks.settings_panel(tenant.owner(), "sample")
    assert shown is not None
    assert (shown.title, shown.blocks, shown.error) == ("Sample", (), None)


def test_one_broken_panel_leaves_the_others(stage: Stage, tenant: Tenant):
    broken = PANELS.replace("return [Text", "return [1 / 0, Text").replace(
        "found = {", "found = 1 / 0 or {"
    )
    wrong = PANELS.replace("[Text(f\"{panel} {record['id']}\")]", "['<b>x</b>']").replace(
        'Badge("New", "info")', '"New"'
    )
    stage.put(tenant, broken, id="broken", ui=UI)
    stage.put(tenant, wrong, id="wrong", ui=UI)
    stage.put(tenant, PANELS, ui=UI)
    lead = stage.crm.leads.create(tenant.owner(), {"last_name": "Lovelace"})
    with capture_logs():
        panels = stage.runtime.hooks.panels(tenant.owner(), "lead", lead)
        badges = stage.runtime.hooks.badges(tenant.owner(), "lead", [lead])

    by_name = {panel.extension_id: panel for panel in panels}
    assert by_name["sample"].error is None
    assert "collect_panel at extension.py:" in str(by_name["broken"].error)
    assert "InvalidBlocks" in str(by_name["wrong"].error)
    assert [one["extension_id"] for one in badges[lead["id"]]] == ["sample"]


def test_an_extension_that_adds_nothing_has_no_settings_panel(stage: Stage, tenant: Tenant):
    stage.put(tenant, HEAD + QUIET)

    assert stage.runtime.hooks.settings_panel(tenant.owner(), "sample") is None
    assert stage.runtime.hooks.settings_panel(tenant.owner(), "unknown") is None


ACTIONS = with_method(
    """
    def perform_action(self, action, values, record_type, record_id):
        if action == "refuse":
            raise Refused("Not today.")
        if action == "deny":
            self.app.deals.list()
        if action == "wrong":
            return {"toast": "x"}
        if action == "other":
            return super().perform_action(action, values, record_type, record_id)
        return ActionResult(toast=f"{action} {values['a']} {record_type} {record_id}")
    """
)


def test_an_action_is_performed_for_the_page_it_stood_on(stage: Stage, tenant: Tenant):
    stage.put(tenant, ACTIONS)
    hooks, owner = stage.runtime.hooks, tenant.owner()

    assert hooks.perform_action(owner, "sample", "go", {"a": "1"}, ("lead", "lead_1")) == (
        ActionResult(toast="go 1 lead lead_1")
    )
    assert hooks.perform_action(owner, "sample", "go", {"a": "1"}).toast == "go 1 None None"


@pytest.mark.parametrize(
    ("action", "error", "status"),
    [
        ("refuse", AppError, 422),
        ("deny", ScopeMissing, 403),
        ("wrong", ExtensionFailed, 502),
        ("other", AppError, 404),
    ],
)
def test_what_an_action_raises_is_an_error_of_the_core(
    stage: Stage, tenant: Tenant, action: str, error: type[AppError], status: int
):
    stage.put(tenant, ACTIONS, row={"granted": ["read:leads"]})
    with capture_logs(), pytest.raises(error) as caught:
        stage.runtime.hooks.perform_action(tenant.owner(), "sample", action, {})

    assert caught.value.status == status
    assert caught.value.extra["extension_id"] == "sample"


def test_an_action_of_an_unknown_extension_is_404(stage: Stage, tenant: Tenant):
    with pytest.raises(ExtensionUnknown):
        stage.runtime.hooks.perform_action(tenant.owner(), "unknown", "go", {})
