"""The whole of an endpoint's life on each engine."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from geminicrm.kernel.crypto import Cipher
from geminicrm.notifications.models import Notification
from geminicrm.webhooks.outgoing.disabling import disable, gone
from geminicrm.webhooks.outgoing.keys import reencrypt, sweep
from geminicrm.webhooks.outgoing.models import Endpoint
from geminicrm.webhooks.outgoing.questions import DeliveryQuestion
from geminicrm.webhooks.outgoing.replaying import Recovery
from geminicrm.webhooks.outgoing.shaping import Shaping
from geminicrm.webhooks.outgoing.wishes import EndpointChanges


@pytest.fixture
def core(both_cores):
    """Have every fixture of this folder stand on either engine."""
    return both_cores


def test_an_endpoint_lives_and_ends(core, room, make, north, clock):
    actor, endpoints = north.owner(), room.endpoints
    form = Shaping(filter=[{"path": "type", "op": "ne", "value": "x"}], mapping={"b.a": "type"})
    made = make(shaping=form, headers={"X-A": "1"})
    path = made.endpoint["id"]
    assert made.endpoint["mapping"] == {"b.a": "type"}
    changed = endpoints.change(
        actor, path, EndpointChanges(values={"mapping": None, "events": ["*"]}, revision=1)
    )
    assert (changed["version"], changed["mapping"], changed["filter"]) == (2, None, form.filter)
    endpoints.rotate_secret(actor, path)
    assert endpoints.pause(actor, path)["state"] == "paused"
    assert endpoints.resume(actor, path)["state"] == "active"
    delivery = endpoints.ping(actor, path)
    assert reencrypt(core.works, core.generations, Cipher(core.settings.encryption_keys)) == 3
    clock.advance(timedelta(days=2).total_seconds())
    with core.works.across_workspaces("sweep", write=True) as work:
        sweep(work)
    endpoints.delete(actor, path)
    assert endpoints.list(actor).data == []
    assert room.deliveries.get(actor, delivery["id"])["state"] == "failed"
    with core.works.read(actor) as work:
        assert work.get(Endpoint, path).old_secret is None


def test_the_log_is_read_and_replayed(room, make, deliver, north, clock):
    actor, endpoint = north.owner(), make().endpoint["id"]
    lost = deliver(endpoint, state="failed", last_error="Broken 100%")
    missed = deliver(endpoint, state="missed", age=timedelta(hours=1))
    deliver(endpoint, attempts=1, round_attempts=1)
    question = DeliveryQuestion(
        text="100%", type="lead.*", since=clock.now(), states=("failed", "retrying")
    )
    assert [one["id"] for one in room.deliveries.page(actor, question).data] == [lost]
    assert room.deliveries.counts(actor, question)["failed"] == 1
    figures = room.deliveries.figures(actor)[endpoint]
    assert (figures["failed"], figures["missed"], figures["retrying"]) == (1, 1, 1)
    assert room.replays.one(actor, lost)["state"] == "queued"
    since = Recovery(since=clock.now() - timedelta(hours=1))
    assert room.replays.count(actor, since) == 1
    assert room.replays.recover(actor, since).replayed == 1
    assert room.replays.selected(actor, [missed]).refused[0].id == missed


def test_a_hook_expires_and_events_are_triggered(core, room, north, clock):
    actor, end = north.owner(), clock.now() + timedelta(hours=1)
    room.hooks.subscribe(actor, "https://93.184.216.34/in", "lead.created", end)
    assert len(room.triggers.trigger(actor, "lead.created", {"id": "lead_1"})) == 1
    assert room.hooks.samples(actor, "lead.created")[0]["type"] == "lead.created"
    clock.advance(3600)
    assert room.hooks.expire() == 1
    assert room.triggers.trigger(actor, "lead.created", {"id": "lead_1"}) == []


@pytest.mark.parametrize("mend", ["resume", "delete"])
def test_nobody_is_reminded_of_what_was_mended(core, room, make, north, mend):
    made = make().endpoint["id"]
    with core.works.across_workspaces("switch one off for a test", write=True) as work:
        assert disable(work, core.generations, {made: (gone(), None)}) == 1
    getattr(room.endpoints, mend)(north.owner(), made)
    with core.works.read(north.owner()) as work:
        (notice,) = work.session.scalars(select(Notification))
        assert (notice.key, notice.resolved_at) == (f"webhook_endpoint:{made}", work.now)
