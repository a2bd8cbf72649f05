"""The worker process as it is put together: what happens is placed, sent and swept."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from geminicrm.processes.worker import Worker
from geminicrm.webhooks.outgoing.models import (
    ATTEMPTS,
    AUTO,
    DELETED,
    DELIVERED,
    DELIVERIES,
    MANUAL,
    MESSAGES,
    QUEUED,
    Delivery,
    Endpoint,
)
from geminicrm.webhooks.outgoing.retention import KEPT_DAYS, DeliveryKeeper
from tests.support.core import make_tenant
from tests.support.waiting import eventually


@pytest.fixture
def core(full_database_url, make_core):
    return make_core(GEMINICRM_DATABASE_URL=full_database_url, GEMINICRM_EGRESS_ALLOW="127.0.0.0/8")


@pytest.fixture
def tenant(core):
    return make_tenant(core, "north")


@pytest.fixture
def running(core):
    worker = Worker(core, rest_seconds=0.05)
    thread = threading.Thread(target=worker.run)
    thread.start()
    yield worker
    worker.stop()
    thread.join(60)


@pytest.mark.usefixtures("running")
def test_a_worker_sends_what_happens_and_what_is_asked_for_again(core, tenant, hooks, receiver):
    hooks.add(receiver.url, events=["lead.*"])
    lead = core.crm.leads.create(tenant.owner(), {"last_name": "Lovelace"})
    eventually(lambda: hooks.states() == [DELIVERED], 60)
    assert lead["id"].encode() in receiver.received[0].body
    ask_again(core, tenant)
    eventually(lambda: len(receiver.received) == 2, 60)
    eventually(lambda: hooks.states() == [DELIVERED], 60)
    first, second = hooks.attempts()
    assert (first.trigger, second.trigger, second.asked_by) == (AUTO, MANUAL, "usr_1")
    assert receiver.received[0].body == receiver.received[1].body


def ask_again(core, tenant):
    with core.works.write(tenant.system()) as work:
        for row in work.session.scalars(select(Delivery)):
            row.state, row.due_at, row.round_attempts = QUEUED, work.now, 0
            row.trigger, row.asked_by, row.finished_at = MANUAL, "usr_1", None
        work.wake_workers()


def rows(core, table):
    with core.works.across_workspaces("count") as work:
        return len(work.session.execute(select(table)).all())


def test_the_log_is_kept_for_thirty_days(core, hooks, sender, receiver, clock):
    hooks.add(receiver.url)
    hooks.happen()
    sender.work()
    clock.advance((KEPT_DAYS - 1) * 86_400)
    DeliveryKeeper(core.works).step()
    assert [rows(core, one) for one in (DELIVERIES, ATTEMPTS, MESSAGES)] == [1] * 3
    clock.advance(2 * 86_400)
    DeliveryKeeper(core.works).step()
    assert [rows(core, one) for one in (DELIVERIES, ATTEMPTS, MESSAGES)] == [0] * 3


def test_what_is_not_over_stays_and_so_does_its_message(core, hooks, sender, clock):
    hooks.add("http://127.0.0.1:1/")
    hooks.happen()
    sender.place()
    clock.advance(90 * 86_400)
    DeliveryKeeper(core.works).step()
    assert [rows(core, one) for one in (DELIVERIES, MESSAGES)] == [1, 1]


def test_a_deleted_endpoint_goes_with_the_last_of_its_log(core, hooks, sender, receiver, clock):
    endpoint = hooks.add(receiver.url)
    kept = hooks.add(receiver.url)
    hooks.happen()
    sender.work()
    clock.advance(5 * 86_400)
    hooks.change(endpoint, state=DELETED, state_at=clock.now())
    clock.advance(timedelta(days=KEPT_DAYS - 4).total_seconds())
    DeliveryKeeper(core.works).step()
    assert {one.id for one in endpoints(core)} == {endpoint, kept}
    clock.advance(5 * 86_400)
    DeliveryKeeper(core.works).step()
    assert {one.id for one in endpoints(core)} == {kept}


def endpoints(core):
    with core.works.across_workspaces("look") as work:
        return list(work.session.scalars(select(Endpoint)))
