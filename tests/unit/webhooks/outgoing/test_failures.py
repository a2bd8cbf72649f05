"""What becomes of deliveries that fail, and of endpoints that do."""

from datetime import timedelta

import pytest
from jsonschema import Draft202012Validator
from sqlalchemy import select

from geminicrm.core import event_types
from geminicrm.events.catalogue import Catalogue, schema_of
from geminicrm.kernel.audit import AuditEntry
from geminicrm.kernel.generation import WEBHOOKS
from geminicrm.kernel.outbox import OutboxEvent
from geminicrm.notifications.models import Notification
from geminicrm.webhooks.outgoing.models import (
    ACTIVE,
    DELETED,
    DELIVERED,
    DISABLED,
    FAILED,
    MISSED,
    PING,
    QUEUED,
    Delivery,
)
from geminicrm.webhooks.outgoing.schedule import DELAYS

NO = b"HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n"
GONE = b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n"
THING = "thing.happened"


def try_at_once(core):
    """Have all that waits be due."""
    with core.works.across_workspaces("time for a test", write=True) as work:
        for row in work.session.scalars(select(Delivery).where(Delivery.state == QUEUED)):
            row.due_at = work.now


def test_ten_attempts_by_the_schedule_with_the_same_bytes_and_id(sender, hooks, receiver, clock):
    receiver.status = 500
    hooks.add(receiver.url)
    (event,) = hooks.happen(name="Ada")
    sender.work()
    waits = []
    for base in DELAYS[1:]:
        (delivery,) = hooks.deliveries()
        waits.append((delivery.due_at - clock.now()).total_seconds() / base)
        clock.advance(base - 1)
        sender.work()
        clock.advance(1 + base * 0.1)
        sender.work()
    assert min(waits) >= 1.0
    assert max(waits) <= 1.1
    assert hooks.states() == [FAILED]
    assert [one.number for one in hooks.attempts()] == list(range(1, 11))
    assert {one.error for one in hooks.attempts()} == {"status"}
    assert len(receiver.received) == 10
    assert {one.headers["webhook-id"] for one in receiver.received} == {event}
    assert len({one.body for one in receiver.received}) == 1
    stamps = [int(one.headers["webhook-timestamp"]) for one in receiver.received]
    assert stamps == [int(one.at.timestamp()) for one in hooks.attempts()]
    assert len(set(stamps)) == 10


def test_one_success_ends_it(sender, hooks, receiver, clock):
    receiver.status = 503
    endpoint = hooks.add(receiver.url)
    hooks.happen()
    sender.work()
    assert hooks.health(endpoint).failures == 1
    receiver.status = 204
    clock.advance(6)
    sender.work()
    assert hooks.states() == [DELIVERED]
    assert hooks.health(endpoint).failures == 0
    assert [one.status for one in hooks.attempts()] == [503, 204]
    assert hooks.attempts()[0].next_attempt_at > hooks.attempts()[0].at


def test_a_redirect_is_a_failure_and_its_target_hears_nothing(sender, hooks, receiver, answer):
    head = f"HTTP/1.1 301 Moved\r\nLocation: {receiver.url}\r\nContent-Length: 0\r\n\r\n"
    hooks.add(answer(head.encode()).url)
    hooks.happen()
    sender.work()
    assert hooks.states() == [QUEUED]
    assert [one.error for one in hooks.attempts()] == ["redirect"]
    assert receiver.received == []


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("written", ["3600", "Sat, 21 Nov 2026 10:00:00 GMT"])
def test_retry_after_holds_up_the_delivery_and_the_whole_endpoint(
    sender, hooks, answer, clock, status, written
):
    seconds = 3600
    head = f"HTTP/1.1 {status} Slow\r\nRetry-After: {written}\r\nContent-Length: 0\r\n\r\n"
    server = answer(head.encode())
    hooks.add(server.url)
    hooks.happen()
    sender.work()
    (delivery,) = hooks.deliveries()
    assert delivery.due_at >= clock.now() + timedelta(seconds=seconds)
    hooks.happen()
    sender.work()
    clock.advance(seconds - 1)
    sender.work()
    assert len(server.received) == 1
    clock.advance(2)
    sender.work()
    assert len(server.received) >= 2


def test_retry_after_of_another_status_is_not_obeyed(sender, hooks, answer, clock):
    head = b"HTTP/1.1 500 No\r\nRetry-After: 3600\r\nContent-Length: 0\r\n\r\n"
    hooks.add(answer(head).url)
    hooks.happen()
    sender.work()
    assert hooks.deliveries()[0].due_at < clock.now() + timedelta(seconds=10)


def test_410_disables_at_once_and_tells(core, sender, hooks, answer, tenant):
    server = answer(GONE)
    endpoint = hooks.add(server.url, description="Order desk", events=[THING])
    before = core.generations.get(WEBHOOKS)
    hooks.happen(2)
    sender.work()
    row = hooks.endpoint(endpoint)
    assert (row.state, row.revision) == (DISABLED, 2)
    assert "410" in row.reason
    assert sorted(hooks.states()) in ([FAILED, FAILED], [FAILED, MISSED])
    assert core.generations.get(WEBHOOKS) > before
    with core.works.read(tenant.system()) as work:
        (event,) = work.session.scalars(
            select(OutboxEvent).where(OutboxEvent.type == "endpoint.disabled")
        )
        (notice,) = work.session.scalars(select(Notification))
        entries = work.session.scalars(select(AuditEntry.action)).all()
    assert event.data["address"] == server.url.removesuffix("/hook?a=1")
    Draft202012Validator(schema_of(Catalogue(event_types()).get(event.type))).validate(
        event.stored().body()
    )
    assert (notice.kind, notice.resolved_at) == ("webhook_disabled", None)
    assert "Order desk" in notice.title
    assert "webhook_endpoint.disabled" in entries
    hooks.happen()
    sender.work()
    assert hooks.states()[-1] == MISSED


def test_410_ends_a_rest_hook(core, sender, hooks, answer, tenant):
    endpoint = hooks.add(answer(GONE).url, origin="hook")
    hooks.happen()
    sender.work()
    assert hooks.endpoint(endpoint).state == DELETED
    with core.works.read(tenant.system()) as work:
        assert work.session.scalars(select(Notification)).all() == []


def test_five_days_of_failures_disable_and_a_success_begins_anew(
    core, sender, hooks, receiver, clock
):
    receiver.status = 500
    endpoint = hooks.add(receiver.url, events=[THING])

    def fail():
        hooks.happen()
        sender.work()

    fail()
    clock.advance(4 * 86_400)
    receiver.status = 200
    fail()
    receiver.status = 500
    clock.advance(60)
    fail()
    clock.advance(4 * 86_400)
    fail()
    assert hooks.endpoint(endpoint).state == ACTIVE
    clock.advance(86_400)
    fail()
    assert hooks.endpoint(endpoint).state == DISABLED
    assert "Nothing was delivered since 25 November 2026" in hooks.endpoint(endpoint).reason


def test_ten_failures_in_a_row_open_the_breaker_and_one_delivery_tries(
    core, sender, hooks, receiver, clock
):
    receiver.status = 500
    endpoint = hooks.add(receiver.url)
    hooks.happen(30)
    sender.work()
    first = len(receiver.received)
    assert first < 30
    assert hooks.health(endpoint).open_until > clock.now()
    try_at_once(core)
    sender.work()
    assert len(receiver.received) == first, "while it is open nothing is sent"
    clock.advance(1000)
    sender.work()
    assert len(receiver.received) == first + 1, "one tries whether it works again"
    receiver.status = 200
    clock.advance(1000)
    sender.work()
    assert hooks.health(endpoint).failures == 0
    assert set(hooks.states()) == {DELIVERED}


def test_a_ping_is_tried_once(core, sender, hooks, receiver):
    receiver.status = 500
    hooks.add(receiver.url)
    hooks.happen()
    sender.place()
    with core.works.across_workspaces("for a test", write=True) as work:
        for row in work.session.scalars(select(Delivery)):
            row.trigger = PING
    sender.engine.drain()
    assert hooks.states() == [FAILED]
    assert [one.trigger for one in hooks.attempts()] == [PING]
