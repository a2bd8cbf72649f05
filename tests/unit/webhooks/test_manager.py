"""WebhookManager: webhooks in Python."""

import json

import pytest
from sqlalchemy import select

import geminicrm.webhooks
from geminicrm.app import create_app
from geminicrm.kernel.errors import ValidationFailed
from geminicrm.kernel.outbox import OutboxEvent
from geminicrm.webhooks import WebhookManager
from geminicrm.webhooks.outgoing.wishes import EndpointChanges
from tests.support.core import make_tenant

ADDRESS = "https://93.184.216.34/in"


@pytest.fixture
def manager(core, tenant):
    """Give a manager within the context of an application that has one workspace."""
    with create_app(core=core).app_context():
        yield WebhookManager()


def test_it_is_what_the_room_exports():
    assert geminicrm.webhooks.__all__ == ["WebhookManager"]


def test_a_webhook_is_registered_found_and_triggered(manager, core, tenant):
    made = manager.register_webhook("lead.created", ADDRESS, "my secret")
    assert (made["events"], made["secret"]) == (["lead.created"], "my secret")
    every = manager.register_webhook("lead.*", ADDRESS)
    assert every["secret"].startswith("whsec_")
    manager.register_webhook("deal.won", ADDRESS)
    found = manager.get_webhooks_for_event("lead.created")
    assert [one["id"] for one in found] == [made["id"], every["id"]]
    assert not any("secret" in one for one in found)
    sent = manager.trigger_webhook("lead.created", {"id": "lead_7", "name": "Zoë"})
    assert [one["endpoint_id"] for one in sent] == [made["id"], every["id"]]
    one = core.outgoing.deliveries.get(tenant.system(), sent[0]["id"])
    assert (one["state"], one["object_id"], one["trigger"]) == ("queued", "lead_7", "manual")
    body = json.loads(one["body"])
    assert body["data"] == {"id": "lead_7", "name": "Zoë"}
    assert (body["id"], body["type"]) == (one["event_id"], "lead.created")


def test_what_is_triggered_is_filtered_and_missed_as_events_are(manager, core, tenant):
    actor = tenant.owner()
    picky, paused = (manager.register_webhook("lead.*", ADDRESS)["id"] for _number in range(2))
    only = [{"path": "data.source", "op": "eq", "value": "web"}]
    core.outgoing.endpoints.change(actor, picky, EndpointChanges(values={"filter": only}))
    core.outgoing.endpoints.pause(actor, paused)
    (sent,) = manager.trigger_webhook("lead.created", {"source": "fair"})
    assert (sent["endpoint_id"], sent["state"]) == (paused, "missed")
    assert len(manager.trigger_webhook("lead.created", {"source": "web"})) == 2
    assert [one["id"] for one in manager.get_webhooks_for_event("lead.created")] == [picky]


def test_nothing_else_is_told_of_what_is_triggered(manager, core, tenant):
    manager.trigger_webhook("lead.created", {"id": "lead_7"})
    with core.works.read(tenant.system()) as work:
        assert work.session.scalars(select(OutboxEvent)).all() == []


@pytest.mark.parametrize(
    ("event_type", "payload"), [("lead.lost", {}), ("lead.created", {"at": object()})]
)
def test_what_cannot_be_triggered_is_told(manager, event_type, payload):
    with pytest.raises(ValidationFailed):
        manager.trigger_webhook(event_type, payload)


@pytest.mark.parametrize(
    ("event_type", "url", "secret"),
    [
        ("lead.lost", ADDRESS, "s"),
        ("lead.created", "https://127.0.0.1/", "s"),
        ("lead.created", ADDRESS, "whsec_short"),
        ("lead.created", ADDRESS, "a\nb"),
        ("lead.created", ADDRESS, "x" * 201),
    ],
)
def test_what_cannot_be_registered_is_told(manager, event_type, url, secret):
    with pytest.raises(ValidationFailed):
        manager.register_webhook(event_type, url, secret)
    assert manager.get_webhooks_for_event("lead.created") == []


def test_without_an_application_it_says_what_is_missing():
    with pytest.raises(RuntimeError, match="Which application"):
        WebhookManager().get_webhooks_for_event("lead.created")


def test_with_several_workspaces_one_is_named(manager, core, app):
    make_tenant(core, "south")
    with pytest.raises(RuntimeError, match="Name one workspace; there are: north, south"):
        manager.get_webhooks_for_event("lead.created")
    assert WebhookManager(app, "south").get_webhooks_for_event("lead.created") == []
