"""The delivery engine: what is sent, signed, settled and logged."""

import json
from base64 import b64decode, b64encode
from datetime import timedelta
from hmac import digest

import pytest
from sqlalchemy import select

from geminicrm.kernel.outbox import OutboxEvent
from geminicrm.webhooks.outgoing.models import DELIVERED, MISSED, PAUSED, QUEUED
from geminicrm.webhooks.outgoing.signing import new_secret


def signature(secret, received):
    signed = f"{received.headers['webhook-id']}.{received.headers['webhook-timestamp']}."
    key = b64decode(secret.removeprefix("whsec_"))
    return "v1," + b64encode(digest(key, signed.encode() + received.body, "sha256")).decode()


def test_an_event_is_delivered_once_and_logged(sender, hooks, receiver, clock, tenant):
    secret = new_secret()
    endpoint = hooks.add(receiver.url, secret=secret)
    (event,) = hooks.happen(name="Ada")
    sender.work()
    (received,) = receiver.received
    assert received.headers["webhook-id"] == event
    assert received.headers["webhook-timestamp"] == str(int(clock.now().timestamp()))
    assert received.headers["webhook-signature"] == signature(secret, received)
    assert received.headers["Content-Type"] == "application/json"
    assert received.headers["User-Agent"] == "GeminiCRM/1"
    assert received.headers["X-Webhook-Event"] == "thing.happened"
    body = json.loads(received.body)
    assert (body["id"], body["data"], body["workspace_id"]) == (event, {"name": "Ada"}, tenant.id)
    (delivery,) = hooks.deliveries()
    assert (delivery.state, delivery.attempts, delivery.last_status) == (DELIVERED, 1, 200)
    assert delivery.leased_by is None
    assert delivery.finished_at == clock.now()
    (attempt,) = hooks.attempts()
    assert (attempt.number, attempt.status, attempt.error) == (1, 200, "")
    assert attempt.request_headers["webhook-id"] == event
    assert hooks.health(endpoint).delivered_at == clock.now()


def test_three_endpoints_have_three_states(sender, hooks, answer):
    good, bad = answer(b"HTTP/1.1 204 No\r\n\r\n"), answer(b"HTTP/1.1 500 No\r\n\r\n")
    first, second, third = hooks.add(good.url), hooks.add(bad.url), hooks.add(good.url)
    hooks.happen()
    sender.work()
    states = {one.endpoint_id: one.state for one in hooks.deliveries()}
    assert states == {first: DELIVERED, second: QUEUED, third: DELIVERED}


def test_only_what_is_subscribed_to_arrives(sender, hooks, receiver):
    hooks.add(receiver.url, events=["lead.*"])
    hooks.happen()
    sender.work()
    assert hooks.deliveries() == []
    assert receiver.received == []


def test_the_same_event_makes_one_message_and_one_delivery(core, sender, hooks, receiver):
    hooks.add(receiver.url)
    hooks.happen()
    sender.place()
    with core.works.across_workspaces("the same again", write=True) as work:
        sender.sink.place(work, [one.stored() for one in stored(work)])
    assert len(hooks.deliveries()) == 1


def stored(work):
    return work.session.scalars(select(OutboxEvent)).all()


def test_what_happens_while_an_endpoint_is_paused_is_missed(sender, hooks, receiver):
    hooks.add(receiver.url, state=PAUSED)
    hooks.happen()
    sender.work()
    assert hooks.states() == [MISSED]
    assert receiver.received == []


def test_what_waited_when_an_endpoint_was_paused_is_missed(sender, hooks, receiver):
    endpoint = hooks.add(receiver.url)
    hooks.happen()
    sender.place()
    hooks.change(endpoint, state=PAUSED)
    sender.work()
    assert hooks.states() == [MISSED]
    assert hooks.deliveries()[0].last_error == "The endpoint is paused."


@pytest.mark.parametrize(("hours", "count"), [(1, 2), (25, 1)])
def test_both_secrets_sign_while_the_old_one_holds(sender, hooks, receiver, clock, hours, count):
    new, old = new_secret(), new_secret()
    until = clock.now() + timedelta(hours=24)
    hooks.add(receiver.url, secret=new, old_secret=old, old_secret_until=until)
    clock.advance(hours * 3600)
    hooks.happen()
    sender.work()
    (received,) = receiver.received
    both = [signature(new, received), signature(old, received)]
    assert received.headers["webhook-signature"] == " ".join(both[:count])


def test_own_headers_go_along_but_never_instead_of_ours(sender, hooks, receiver):
    theirs = {"X-Shop": "42-the-shop", "webhook-id": "forged", "User-Agent": "theirs"}
    hooks.add(receiver.url, headers=theirs)
    (event,) = hooks.happen()
    sender.work()
    (received,) = receiver.received
    assert received.headers["X-Shop"] == "42-the-shop"
    assert received.headers["webhook-id"] == event
    assert received.headers["User-Agent"] == "GeminiCRM/1"
    (attempt,) = hooks.attempts()
    assert "42-the-shop" not in json.dumps(attempt.request_headers)


def test_a_receiver_that_sends_back_our_secrets_does_not_put_them_into_the_log(
    sender, hooks, answer
):
    secret = new_secret()
    body = f"you said {secret} and open-sesame".encode()
    echo = (
        b"HTTP/1.1 200 OK\r\nX-Echo: open-sesame\r\nSet-Cookie: a=b\r\nContent-Length: %d\r\n\r\n"
    )
    server = answer(echo % len(body) + body)
    hooks.add(server.url, headers={"X-Door": "open-sesame"}, secret=secret)
    hooks.happen()
    sender.work()
    (attempt,) = hooks.attempts()
    assert attempt.response_body == "you said … and …".encode()
    assert attempt.response_headers["x-echo"] == "…"
    assert attempt.response_headers["set-cookie"] == "…"


def test_an_endpoint_whose_secret_no_key_opens_fails_by_itself(core, sender, hooks, receiver):
    hooks.add(receiver.url, secret=None)
    broken = hooks.add(receiver.url)
    hooks.change(broken, secret="not sealed")
    hooks.happen()
    sender.work()
    assert [one.error for one in hooks.attempts()].count("unsigned") == 1
    assert len(receiver.received) == 1
