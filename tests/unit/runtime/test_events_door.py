"""`app.events` in process: what an extension announces, and who is told."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from extensions.sdk import errors as sdk
from extensions.sdk.events import EVENTS_AT_ONCE, EVENTS_PER_SECOND, MAX_EVENT_BYTES
from geminicrm.kernel.clock import FixedClock
from geminicrm.kernel.events import StoredEvent
from geminicrm.kernel.outbox import OutboxEvent
from geminicrm.runtime.call_context import CallContext
from geminicrm.runtime.context import ExtensionContext
from geminicrm.runtime.models import Installation
from geminicrm.runtime.sdk_errors import NoCall
from tests.support.announcing import LISTENER, SCORED, SILENT, hand_out
from tests.support.core import Tenant, make_tenant
from tests.support.sample_extensions import Stage

Act = Callable[[ExtensionContext], Any]
FREE = {**SCORED, "name": "noted", "schema": {"type": "object"}, "sample": {}}


def inside(stage: Stage, tenant: Tenant, act: Act, kind: str = "route") -> Any:
    """Do something inside a call of the sample."""
    installed = stage.find(tenant)
    context: Any = installed.loaded.extension.app
    call = CallContext(installed, tenant.owner(), kind, 5.0, passes=(sdk.SdkError,))
    return stage.runtime.calls.run(call, lambda: act(context))


@pytest.fixture
def announcer(stage: Stage, tenant: Tenant) -> str:
    """Install a sample that may do nothing but announce."""
    return stage.put(tenant, SILENT, event_types=[SCORED, FREE], row={"granted": []})


def stored(stage: Stage, tenant: Tenant) -> list[StoredEvent]:
    with stage.core.works.read(tenant.system()) as work:
        found = work.session.scalars(select(OutboxEvent).order_by(OutboxEvent.id))
        return [row.stored() for row in found]


def test_an_event_is_stored_under_the_extensions_name(stage: Stage, tenant: Tenant, announcer: str):
    data = {"score": 70, "why": "CEO"}
    given = inside(
        stage, tenant, lambda app: app.events.emit("score_changed", data, object_id="lead_1")
    )
    (event,) = stored(stage, tenant)
    assert (event.id, event.type) == (given, "sample.score_changed")
    assert (event.object_id, event.object_version, event.schema_version) == ("lead_1", 1, 1)
    assert event.data == data
    assert event.workspace_id == tenant.id


def test_without_an_object_it_stands_for_itself(stage: Stage, tenant: Tenant, announcer: str):
    for score in (1, 2):
        inside(stage, tenant, lambda app, s=score: app.events.emit("score_changed", {"score": s}))
    first, second = stored(stage, tenant)
    assert first.object_id != second.object_id


def test_another_extension_is_told_in_its_own_workspace_alone(
    stage: Stage, tenant: Tenant, announcer: str
):
    south = make_tenant(stage.core, "south")
    for where, extension_id, events in (
        (tenant, "by-name", ["sample.score_changed"]),
        (tenant, "by-kind", ["sample.*"]),
        (tenant, "by-all", ["*"]),
        (tenant, "deaf", ["lead.*"]),
        (south, "elsewhere", ["*"]),
    ):
        stage.put(where, LISTENER, {"n.py": extension_id}, id=extension_id, events=events)
    inside(stage, tenant, lambda app: app.events.emit("score_changed", {"score": 1}))
    hand_out(stage.core, stage.runtime.sink)

    def seen(where: Tenant, extension_id: str) -> list[str]:
        extension: Any = stage.find(where, extension_id).loaded.extension
        return [event.type for event in extension.seen]

    told = [seen(tenant, one) for one in ("by-name", "by-kind", "by-all")]
    assert told == [["sample.score_changed"]] * 3
    assert seen(tenant, "deaf") == seen(south, "elsewhere") == []


def test_an_extension_is_not_told_of_its_own(stage: Stage, tenant: Tenant):
    stage.put(tenant, LISTENER, events=["*"], event_types=[SCORED])
    inside(stage, tenant, lambda app: app.events.emit("score_changed", {"score": 1}))
    (event,) = stored(stage, tenant)
    assert stage.runtime.sink.targets(event) == []


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda app: app.events.emit("score_change", {"score": 1}), 'Did you mean "score_changed"'),
        (lambda app: app.events.emit("lead.created", {}), "/name: .* is not among event_types"),
        (lambda app: app.events.emit(3, {}), "/name: "),
        (lambda app: app.events.emit("score_changed", {}), "/data: 'score' is a required"),
        (lambda app: app.events.emit("score_changed", {"score": "x"}), "/data/score: "),
        (lambda app: app.events.emit("noted", [1]), "/data: Give an object"),
        (lambda app: app.events.emit("noted", {"x": {1}}), "/data/x: A set is no JSON"),
        (lambda app: app.events.emit("noted", {"x": float("nan")}), "/data/x: JSON has no NaN"),
        (lambda app: app.events.emit("noted", {"x": "a\0"}), "/data/x: .* NUL"),
        (lambda app: app.events.emit("noted", {1: "a"}), "/data: The name"),
        (lambda app: app.events.emit("noted", {"x": "x" * MAX_EVENT_BYTES}), "at most 64 KiB"),
        (lambda app: app.events.emit("noted", {}, object_id=""), "/object_id: "),
        (lambda app: app.events.emit("noted", {}, object_id="x" * 41), "/object_id: "),
        (lambda app: app.events.emit("noted", {}, object_id="a\n"), "/object_id: "),
        (lambda app: app.events.emit("noted", {}, object_id=3), "/object_id: "),
    ],
    ids=range(15),
)
def test_what_is_refused(stage: Stage, tenant: Tenant, announcer: str, act: Act, words: str):
    with pytest.raises(sdk.Invalid, match=words):
        inside(stage, tenant, act)
    assert stored(stage, tenant) == []


def test_who_announces_too_much_is_told_when_to_go_on(
    stage: Stage, tenant: Tenant, announcer: str, clock: FixedClock
):
    south = make_tenant(stage.core, "south")
    stage.put(south, SILENT, event_types=[FREE])

    def note(app: ExtensionContext) -> None:
        app.events.emit("noted", {})

    def flood(app: ExtensionContext) -> None:
        for _ in range(EVENTS_AT_ONCE):
            note(app)

    inside(stage, tenant, flood)
    with pytest.raises(sdk.Unavailable, match="20 events a second") as caught:
        inside(stage, tenant, note)
    assert caught.value.retry_after == 1
    inside(stage, south, note)
    clock.advance(1.0)
    for _ in range(EVENTS_PER_SECOND):
        inside(stage, tenant, note)
    with pytest.raises(sdk.Unavailable):
        inside(stage, tenant, note)


def test_a_call_that_outlives_its_installation_announces_nothing(
    stage: Stage, tenant: Tenant, announcer: str
):
    stage.find(tenant)
    with stage.core.works.write(tenant.system()) as work:
        work.session.delete(work.get(Installation, announcer))
    with pytest.raises(sdk.NotFound, match="sample"):
        inside(stage, tenant, lambda app: app.events.emit("noted", {}))
    assert inside(stage, tenant, lambda app: app.events.emit("noted", {}), "install")


def test_outside_of_a_call_nothing_is_announced(stage: Stage, tenant: Tenant, announcer: str):
    context: Any = stage.find(tenant).loaded.extension.app
    with pytest.raises(NoCall):
        context.events.emit("noted", {})
