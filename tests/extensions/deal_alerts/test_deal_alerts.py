"""deal-alerts on a real core, with a real receiver on the loopback and the relay between."""

import hashlib
import hmac
import json

import pytest
from sqlalchemy import select

from geminicrm.crm.shared.listing import ListQuery
from geminicrm.kernel.errors import NotFound
from geminicrm.kernel.outbox import OutboxEvent
from geminicrm.runtime.consent import InstallRequest
from tests.support.ports import free_port

DEAL = {"name": "Big deal", "amount": "1200.00", "currency": "EUR"}


@pytest.fixture
def alerts(open_built_in, receiver):
    made = open_built_in("deal-alerts")
    made.configure(webhook_url=receiver.url)
    return made


@pytest.fixture
def crm(alerts):
    return alerts.core.crm


@pytest.fixture
def owner(alerts):
    return alerts.tenant.owner()


def _notes(crm, owner, deal):
    from_deal = {"related_type": "deal", "related_id": deal["id"], "kind": "note"}
    return crm.activities.list(owner, ListQuery(filters=from_deal)).data


def _win(crm, owner, **changes):
    deal = crm.deals.create(owner, {**DEAL, **changes})
    crm.deals_flow.win(owner, deal["id"])
    return deal


def _panel(alerts):
    panel = alerts.core.runtime.hooks.settings_panel(alerts.tenant.owner(), "deal-alerts")
    assert panel.error is None
    return panel.blocks


def _press(alerts, action="send-test"):
    hooks = alerts.core.runtime.hooks
    return hooks.perform_action(alerts.tenant.owner(), "deal-alerts", action, {})


def test_a_won_deal_is_posted_once_and_noted(alerts, crm, owner, receiver):
    deal = _win(crm, owner)
    alerts.relay()
    [post] = receiver.received
    body = json.loads(post.body)
    assert body["text"] == "Won: Big deal (1200.00 EUR)"
    assert (body["type"], body["deal"]["id"]) == ("deal.won", deal["id"])
    assert body["workspace"]["name"] == "North"
    assert post.headers["webhook-id"] == body["id"]
    assert post.headers["X-Webhook-Event"] == "deal.won"
    assert "X-Webhook-Signature" not in post.headers
    [note] = _notes(crm, owner, deal)
    assert note["subject"] == "Deal alert sent. Won: Big deal (1200.00 EUR)"
    assert note["body"] == "The receiver answered 200."


def test_with_a_secret_the_exact_body_is_signed(alerts, crm, owner, receiver):
    alerts.configure(signing_secret="a long secret")
    _win(crm, owner)
    alerts.relay()
    [post] = receiver.received
    expected = hmac.new(b"a long secret", post.body, hashlib.sha256).hexdigest()
    assert post.headers["X-Webhook-Signature"] == expected


def test_losing_and_moving_cause_alerts_of_their_own(alerts, crm, owner, receiver):
    deal = crm.deals.create(owner, {"name": "No amount"})
    stages = crm.pipelines.list(owner)[0]["stages"]
    crm.deals.update(owner, deal["id"], {"stage_id": stages[1]["id"]})
    crm.deals_flow.lose(owner, deal["id"], None)
    alerts.relay()
    posts = [json.loads(post.body) for post in receiver.received]
    assert [post["text"] for post in posts] == ["Moved: No amount", "Lost: No amount"]
    assert posts[0]["deal"]["to_stage_id"] == stages[1]["id"]


def test_small_deals_and_events_that_nobody_wants_cause_none(alerts, crm, owner, receiver):
    alerts.configure(minimum_amount=1000.5, on_lost=False)
    _win(crm, owner, amount="1000.00")
    _win(crm, owner, amount=None, currency=None)
    lost = crm.deals.create(owner, DEAL)
    crm.deals_flow.lose(owner, lost["id"], None)
    _win(crm, owner, name="Large enough", amount="1000.50")
    alerts.relay()
    texts = [json.loads(post.body)["text"] for post in receiver.received]
    assert texts == ["Won: Large enough (1000.50 EUR)"]


def test_a_receiver_that_is_down_gets_it_later_and_there_is_one_note(
    alerts, crm, owner, receiver, clock
):
    alerts.configure(webhook_url=f"http://127.0.0.1:{free_port()}/")
    deal = _win(crm, owner)
    alerts.relay()
    [note] = _notes(crm, owner, deal)
    assert note["subject"].startswith("Deal alert not sent yet. Won")
    assert note["body"].startswith("Attempt 1. No answer:")
    alerts.configure(webhook_url=receiver.url)
    receiver.status = 500
    clock.advance(2)
    alerts.relay()
    [note] = _notes(crm, owner, deal)
    assert note["body"] == "Attempt 2. The receiver answered 500."
    receiver.status = 202
    clock.advance(6)
    alerts.relay()
    [note] = _notes(crm, owner, deal)
    assert note["subject"].startswith("Deal alert sent. Won")
    assert note["body"] == "The receiver answered 202."
    assert len({post.headers["webhook-id"] for post in receiver.received}) == 1


def test_an_event_that_comes_twice_is_sent_and_noted_once(alerts, crm, owner, receiver):
    deal = _win(crm, owner)
    sink = alerts.core.runtime.sink
    with alerts.core.works.across_workspaces("read the event again") as work:
        events = [each.stored() for each in work.session.scalars(select(OutboxEvent))]
    [event] = [each for each in events if each.type == "deal.won"]
    [target] = sink.targets(event)
    sink.deliver(target, event, 1)
    sink.deliver(target, event, 2)
    alerts.relay()
    assert len(receiver.received) == 1
    assert len(_notes(crm, owner, deal)) == 1


def test_its_note_is_found_among_many(alerts, crm, owner, receiver, clock):
    receiver.status = 503
    deal = _win(crm, owner)
    alerts.relay()
    others = {"kind": "note", "related_type": "deal", "related_id": deal["id"]}
    items = [{**others, "subject": f"Deal alert talk {at}"} for at in range(100)]
    crm.activities.create_many(owner, items)
    crm.activities.create_many(owner, items)
    receiver.status = 200
    clock.advance(2)
    alerts.relay()
    found = crm.activities.list(owner, ListQuery(search="Deal alert sent")).data
    assert [note["custom"]["deal_alert"]["sent"] for note in found] == [True]


def test_a_failing_receiver_does_not_pause_the_extension(alerts, crm, owner, receiver):
    receiver.status = 500
    for at in range(8):
        _win(crm, owner, name=f"Deal {at}")
    alerts.relay()
    assert len(receiver.received) == 8
    assert _press(alerts).field_errors == {"webhook_url": "The receiver answered 500."}


def test_without_an_address_nothing_happens(alerts, crm, owner, receiver):
    alerts.core.life_cycle.uninstall(owner, "deal-alerts", "purge")
    alerts.core.life_cycle.install(
        owner, InstallRequest(extension_id="deal-alerts", grant="requested")
    )
    alerts.core.runtime.reconcile()
    deal = _win(crm, owner)
    alerts.relay()
    assert _notes(crm, owner, deal) == []
    warning, nothing, button = _panel(alerts)
    assert warning["text"].startswith("There is no address yet")
    assert nothing["text"] == "No alert was sent yet."
    assert button["action"] == "send-test"
    assert _press(alerts).field_errors["webhook_url"].startswith("There is no address yet")


def test_a_deal_that_is_gone_meanwhile_gets_no_note(alerts, crm, owner, receiver):
    deal = _win(crm, owner)
    crm.deals.delete(owner, deal["id"])
    alerts.relay()
    assert len(receiver.received) == 1
    assert _notes(crm, owner, deal) == []


def test_the_settings_panel_shows_the_last_alert(alerts, crm, owner, receiver):
    deal = _win(crm, owner)
    alerts.relay()
    stat, text, link, _button = _panel(alerts)
    assert (stat["value"], stat["tone"], stat["hint"]) == (
        "Sent",
        "success",
        "2026-11-21 09:00 UTC",
    )
    assert "Won: Big deal" in text["text"]
    assert link["href"] == f"/deals/{deal['id']}"
    receiver.status = 500
    _win(crm, owner, name="Another")
    alerts.relay()
    assert _panel(alerts)[0]["value"] == "Not sent yet"


def test_a_test_alert_is_sent_and_answered(alerts, receiver):
    result = _press(alerts)
    assert result.toast == "The receiver answered 200."
    assert json.loads(receiver.received[0].body)["text"] == "A test alert from North."


def test_a_redirect_is_told_as_what_it_is(alerts, receiver):
    receiver.status = 302
    assert "has moved" in _press(alerts).field_errors["webhook_url"]


def test_it_knows_no_other_action(alerts):
    with pytest.raises(NotFound, match="no action"):
        _press(alerts, "other")


def test_a_private_address_that_the_operator_has_not_allowed_is_told_as_such(built_in, receiver):
    closed = built_in("deal-alerts")
    closed.configure(webhook_url=receiver.url)
    message = _press(closed).field_errors["webhook_url"]
    assert "GEMINICRM_EGRESS_ALLOW" in message
    assert receiver.received == []
