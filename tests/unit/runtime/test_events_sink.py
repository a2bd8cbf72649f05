from typing import Any

import pytest
from structlog.testing import capture_logs

from geminicrm.app import Core
from geminicrm.kernel.events import StoredEvent
from geminicrm.kernel.jobs.kinds import Postponed
from geminicrm.runtime.calls import FAILURES
from geminicrm.runtime.failures import ExtensionFailed, ExtensionTimeout
from tests.support.core import START, Tenant, make_tenant
from tests.support.sample_extensions import HEAD, QUIET, Stage, with_method
from tests.support.working import Hands

LISTENER = with_method(
    """
    seen = []

    @hookimpl
    def on_event(self, event):
        self.seen.append((event, self.app.actor.kind, self.app.actor.scopes))
        if event.data.get("last_name") == "Crash" and event.attempt == 1:
            raise ValueError("crash")
    """
)
EVENTS = ["lead.*", "deal.won"]


def event(tenant: Tenant, event_type: str = "lead.created", **data: Any) -> StoredEvent:
    return StoredEvent(
        id="evt_1",
        type=event_type,
        schema_version=1,
        object_id="lead_1",
        object_version=1,
        timestamp=START,
        workspace_id=tenant.id,
        data=data,
    )


def test_events_go_to_those_whose_manifest_asks_and_who_may_see_them(
    core: Core, stage: Stage, tenant: Tenant
):
    one = stage.put(tenant, LISTENER, events=EVENTS, row={"granted": ["read:leads"]})
    stage.put(tenant, HEAD + QUIET, id="deaf", events=EVENTS)
    stage.put(tenant, LISTENER, id="others", events=["contact.*"])
    stage.put(make_tenant(core, "south"), LISTENER, events=EVENTS)
    sink = stage.runtime.sink

    assert sink.name == "extensions"
    assert sink.targets(event(tenant)) == [one]
    assert sink.targets(event(tenant, "deal.won")) == [], "without read:deals"
    assert sink.targets(event(tenant, "deal.lost")) == []


def test_an_event_is_handed_over_with_the_grant_alone(stage: Stage, tenant: Tenant):
    one = stage.put(tenant, LISTENER, events=EVENTS, row={"granted": ["read:leads"]})
    stage.runtime.sink.deliver(one, event(tenant, last_name="A"), 3)

    extension: Any = stage.find(tenant).loaded.extension
    ((given, kind, scopes),) = extension.seen
    assert (given.id, given.type, given.attempt) == ("evt_1", "lead.created", 3)
    assert (given.data, given.timestamp) == ({"last_name": "A"}, START)
    assert (kind, scopes) == ("system", {"read:leads"})


def test_a_failure_is_raised_so_that_it_comes_again(stage: Stage, tenant: Tenant):
    one = stage.put(tenant, LISTENER, events=EVENTS)
    with capture_logs(), pytest.raises(ExtensionFailed):
        stage.runtime.sink.deliver(one, event(tenant, last_name="Crash"), 1)
    stage.runtime.sink.deliver(one, event(tenant, last_name="Crash"), 2)


def test_a_handler_that_does_not_return_is_given_up(stage: Stage, tenant: Tenant, stage_of: Any):
    source = with_method(
        """
        @hookimpl
        def on_event(self):
            import threading
            threading.Event().wait(0.3)
        """
    )
    quick = stage_of(stage.core, seconds=0.02)
    one = quick.put(tenant, source, events=EVENTS)
    with capture_logs(), pytest.raises(ExtensionTimeout):
        quick.runtime.sink.deliver(one, event(tenant), 1)


def test_who_left_meanwhile_gets_nothing_more(stage: Stage, tenant: Tenant):
    one = stage.put(tenant, LISTENER, events=EVENTS)
    extension: Any = stage.find(tenant).loaded.extension
    stage.change(tenant, one, granted=["read:deals"])
    stage.runtime.sink.deliver(one, event(tenant), 1)
    stage.change(tenant, one, enabled=False)
    stage.runtime.sink.deliver(one, event(tenant), 1)

    assert extension.seen == []


def test_the_relay_hands_committed_changes_over(core: Core, stage: Stage, tenant: Tenant):
    stage.put(tenant, LISTENER, events=EVENTS)
    hands = Hands(core, [stage.runtime.sink])
    lead = stage.crm.leads.create(tenant.owner(), {"last_name": "Lovelace"})
    hands.work()
    hands.close()

    extension: Any = stage.find(tenant).loaded.extension
    assert [given.data["id"] for given, _, _ in extension.seen] == [lead["id"]]


def test_one_that_is_paused_gets_it_later_with_no_attempt_spent(
    core: Core, stage: Stage, tenant: Tenant
):
    one = stage.put(tenant, LISTENER, events=EVENTS)
    with capture_logs():
        for _ in range(FAILURES):
            with pytest.raises(ExtensionFailed):
                stage.runtime.sink.deliver(one, event(tenant, last_name="Crash"), 1)

    with pytest.raises(Postponed, match="left out for a while") as caught:
        stage.runtime.sink.deliver(one, event(tenant, last_name="A"), 1)
    assert caught.value.seconds > 1


def test_one_that_can_not_be_loaded_gets_it_once_it_can(core: Core, stage: Stage, tenant: Tenant):
    broken = stage.put(tenant, "1 / 0", events=EVENTS)
    stage.put(tenant, "1 / 0", id="others", events=["contact.*"])
    sink = stage.runtime.sink

    with capture_logs():
        assert sink.targets(event(tenant)) == [broken]
        with pytest.raises(Postponed, match=r"not served here: .*ZeroDivisionError"):
            sink.deliver(broken, event(tenant), 1)


def test_the_older_version_gets_it_while_the_newer_one_is_on_its_way(stage: Stage, tenant: Tenant):
    one = stage.put(tenant, LISTENER, events=EVENTS)
    extension: Any = stage.find(tenant).loaded.extension
    stage.change(tenant, one, digest="sha256:" + "0" * 64)
    sink = stage.runtime.sink

    assert sink.targets(event(tenant)) == [one], "once"
    sink.deliver(one, event(tenant), 1)
    assert len(extension.seen) == 1
    table = stage.runtime.convergence.table
    assert table.not_loaded() == {one: "its package is on its way"}, "those who look on are told"
    assert table.failed() == {}
    assert table.waited_for(one) is None
