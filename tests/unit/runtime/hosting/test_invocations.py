"""Hooks, events, actions, install() and uninstall() of a hosted extension."""

from typing import Any

import pytest
from structlog.testing import capture_logs

from extensions.sdk.actions import ActionResult
from extensions.sdk.errors import Refused, UnknownAction
from geminicrm.crm.shared.commands import ChangeRefused
from geminicrm.kernel.errors import NotFound
from geminicrm.kernel.events import StoredEvent
from geminicrm.runtime.failures import ExtensionFailed, ExtensionTimeout
from geminicrm.runtime.host.control import Ensure, Retire
from geminicrm.runtime.host.messages import Failed, Raised
from geminicrm.runtime.host.raised import facts_of
from geminicrm.runtime.install.drafting import Draft, DraftSettings, Outcome
from tests.support.core import START, Tenant
from tests.support.fake_hosts import HostSide, Played
from tests.support.sample_extensions import QUIET, write_package

PANELS = {"record_panels": [{"id": "p", "title": "P", "record": "lead"}]}


def gives(*values: Any) -> Any:
    """Make a script that gives these values, one a conversation, and keeps what it was asked."""
    asked: list[tuple[str, str, Any]] = []

    def play(host: HostSide) -> None:
        for value in values:
            opening, body = host.begin()
            asked.append((opening.what, opening.name, body))
            host.value(value)

    return play, asked


def test_blocks_of_a_panel(played: Played, tenant: Tenant):
    block = {"type": "text", "text": "hi", "tone": "neutral"}
    play, asked = gives([block], None, "nonsense")
    played.plays(play)
    facts = {"built_in": False, "hooks": ["collect_panel"]}
    played.stage.put(tenant, QUIET, row=facts, ui=PANELS)
    hooks = played.stage.runtime.hooks
    record = {"id": "lead_1"}

    (shown,) = hooks.panels(tenant.owner(), "lead", record)
    assert shown.blocks == (block,)
    assert asked == [("hook", "collect_panel", b'["p","lead",{"id":"lead_1"}]')]
    (empty,) = hooks.panels(tenant.owner(), "lead", record)
    assert (empty.blocks, empty.error) == ((), None)
    with capture_logs():
        (wrong,) = hooks.panels(tenant.owner(), "lead", record)
    assert wrong.error


def test_badges(played: Played, tenant: Tenant):
    badge = {"type": "badge", "text": "Hot", "tone": "warning"}
    play, asked = gives({"lead_1": badge}, None, {"lead_1": {"text": 1}}, [badge])
    played.plays(play)
    played.put(tenant, "collect_badges")
    hooks = played.stage.runtime.hooks
    records = [{"id": "lead_1"}]

    found = hooks.badges(tenant.owner(), "lead", records)
    assert found == {"lead_1": ({**badge, "extension_id": "sample"},)}
    assert asked == [("hook", "collect_badges", b'["lead",[{"id":"lead_1"}]]')]
    with capture_logs():
        given = [hooks.badges(tenant.owner(), "lead", records) for _ in range(3)]
    assert given == [{}, {}, {}]
    (trouble,) = played.stage.runtime.calls.troubles(played.stage.find(tenant).id)
    assert "can't be used" in trouble.reason


def test_a_change_is_looked_at_and_may_be_refused(played: Played, tenant: Tenant):
    asked: list[Any] = []

    def play(host: HostSide) -> None:
        asked.extend(host.arguments())
        host.value({"anything": "is ignored"})
        host.arguments()
        host.send(Raised(host.number, facts_of(Refused("not Lovelace", "last_name"))))

    played.plays(play)
    played.put(tenant, "before_record_save")
    leads = played.stage.crm.leads
    made = leads.create(tenant.owner(), {"last_name": "King"})
    with pytest.raises(ChangeRefused, match="not Lovelace"):
        leads.update(tenant.owner(), made["id"], {"last_name": "Lovelace"})

    (change,) = asked
    assert (change["record_type"], change["action"], change["before"]) == ("lead", "create", None)
    assert change["draft"]["last_name"] == "King"


def test_events(played: Played, tenant: Tenant):
    asked: list[Any] = []

    def play(host: HostSide) -> None:
        asked.extend(host.arguments())
        host.value(None)
        host.arguments()
        host.send(Failed(host.number, "extension.py:1 in on_event", "ValueError: no"))

    played.plays(play)
    facts = {"built_in": False, "hooks": ["on_event"]}
    one = played.stage.put(tenant, QUIET, row=facts, events=["lead.*"])
    event = StoredEvent(
        id="evt_1", type="lead.created", schema_version=1, object_id="lead_1", object_version=3,
        timestamp=START, workspace_id=tenant.id, data={"id": "lead_1"},
    )  # fmt: skip
    sink = played.stage.runtime.sink
    sink.deliver(one, event, 2)
    with capture_logs(), pytest.raises(ExtensionFailed):
        sink.deliver(one, event, 3)

    assert asked == [
        {
            "id": "evt_1",
            "type": "lead.created",
            "schema_version": 1,
            "object_version": 3,
            "timestamp": "2026-11-21T09:00:00Z",
            "workspace_id": tenant.id,
            "data": {"id": "lead_1"},
            "attempt": 2,
        }
    ]


def test_actions(played: Played, tenant: Tenant):
    play, asked = gives(
        {"toast": "done", "refresh": True, "navigate": None, "field_errors": {"a": "b"}},
        {"navigate": "//evil.example"},
        {"colour": "red"},
        None,
    )
    played.plays(play)
    played.put(tenant)
    hooks = played.stage.runtime.hooks

    def act() -> ActionResult:
        return hooks.perform_action(tenant.owner(), "sample", "go", {"x": "y"}, ("lead", "lead_1"))

    assert act() == ActionResult(toast="done", refresh=True, field_errors={"a": "b"})
    assert asked == [("action", "", b'["go",{"x":"y"},"lead","lead_1"]')]
    reasons = []
    for _ in range(3):
        with capture_logs(), pytest.raises(ExtensionFailed) as caught:
            act()
        reasons.append(caught.value.reason.partition(":")[0])
    assert reasons == ["Invalid", "TypeError", "TypeError"]


def test_an_unknown_action_is_told_as_in_process(played: Played, tenant: Tenant):
    def play(host: HostSide) -> None:
        host.begin()
        host.send(Raised(host.number, facts_of(UnknownAction("go"))))

    played.plays(play)
    played.put(tenant)
    with pytest.raises(NotFound, match="no action 'go'"):
        played.stage.runtime.hooks.perform_action(tenant.owner(), "sample", "go", {})


def test_what_fits_into_no_message_is_a_failure(played: Played, tenant: Tenant):
    played.plays(lambda host: host.wire.receive(deadline=host.until))
    played.put(tenant, "collect_badges")
    hooks = played.stage.runtime.hooks
    with capture_logs():
        hooks.badges(tenant.owner(), "lead", [{"id": "lead_1", "notes": "x" * 5_000_000}])

    (trouble,) = played.stage.runtime.calls.troubles(played.stage.find(tenant).id)
    assert "does not fit into a message" in trouble.reason


def draft(played: Played, tenant: Tenant) -> Draft:
    package = write_package(played.stage.packages, QUIET)
    return Draft(
        installation_id="inst_1",
        workspace_id=tenant.id,
        extension_id="sample",
        version="1.0.0",
        digest=package.digest,
        manifest=package.manifest,
        folder=package.folder,
        granted=("write:leads",),
        settings=DraftSettings(secrets={"key": "s3cret"}),
        trusted=False,
        built_in=False,
    )


def test_a_draft_is_examined_installed_and_given_up(played: Played, tenant: Tenant):
    def play(host: HostSide) -> None:
        host.begin()
        key = host.back("secrets", "all")["key"]
        host.value({"success": True, "message": key})
        host.begin()
        host.value(None)
        host.begin()
        host.value("done")

    played.plays(play)
    runner, made = played.stage.runtime.runner, draft(played, tenant)
    examined = runner.probe(made)
    runner.load(made)

    assert examined.findings == ()
    assert examined.hooks == ("collect_widget",)
    assert examined.level == played.supervisor.running.level
    assert runner.install(tenant.owner(), made) == Outcome(success=True, message="s3cret")
    assert runner.uninstall(tenant.owner(), made) == Outcome()
    with capture_logs(), pytest.raises(ExtensionFailed, match="it must return None or"):
        runner.uninstall(tenant.owner(), made)
    (question,) = played.supervisor.asked(Ensure)
    assert question.draft, "one host does it all"
    runner.unload(made)
    assert [one.generation for one in played.supervisor.asked(Retire)] == [1]
    runner.unload(made)
    assert len(played.supervisor.asked(Retire)) == 1, "it is gone"


def test_an_install_that_does_not_return_is_ended(played_on: Any, core: Any, tenant: Tenant):
    played = played_on(core, seconds=0.05)
    played.plays(lambda host: (host.begin(), host.wire.receive(deadline=host.until)))
    with capture_logs(), pytest.raises(ExtensionTimeout, match="install"):
        played.stage.runtime.runner.install(tenant.owner(), draft(played, tenant))

    assert played.supervisor.asked(Retire)


def test_an_error_that_lacks_what_it_keeps_breaks_the_protocol(played: Played, tenant: Tenant):
    def play(host: HostSide) -> None:
        host.begin()
        facts = facts_of(Refused("no"))
        host.send(Raised(host.number, type(facts)("refused", "no"), ""))

    played.plays(play)
    with capture_logs(), pytest.raises(ExtensionFailed, match="sample") as caught:
        played.stage.runtime.runner.install(tenant.owner(), draft(played, tenant))
    assert "does not keep to the protocol" in caught.value.reason


def test_routes_are_not_in_this_process(played: Played, tenant: Tenant):
    played.put(tenant)
    with pytest.raises(NotImplementedError):
        played.stage.find(tenant).loaded.extension.get_routes()


def test_an_error_of_the_sdk_in_install_has_its_place(played: Played, tenant: Tenant):
    def play(host: HostSide) -> None:
        host.begin()
        host.send(Raised(host.number, facts_of(Refused("no")), "extension.py:4 in install"))

    played.plays(play)
    with capture_logs(), pytest.raises(ExtensionFailed) as caught:
        played.stage.runtime.runner.install(tenant.owner(), draft(played, tenant))

    assert (caught.value.where, caught.value.reason) == (
        "extension.py:4 in install",
        "Refused: no",
    )
