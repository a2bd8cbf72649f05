"""The worker: what it does between two looks at the outbox, and when the database is away."""

import threading

from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from geminicrm.identity.models import SignInSession
from geminicrm.identity.sign_in import Visitor, sign_in
from geminicrm.kernel.events import Event
from geminicrm.kernel.jobs.care import Care
from geminicrm.kernel.outbox import OutboxEvent
from geminicrm.kernel.relay import Relay
from geminicrm.processes import sweeping
from geminicrm.processes.worker import Worker
from tests.support.core import PASSWORD
from tests.support.waiting import eventually


class Happened(Event):
    type = "thing.happened"


def _placed(core, tenant):
    with core.works.read(tenant.system()) as work:
        return work.session.scalars(select(OutboxEvent.position)).all() == [1]


def _swept(core):
    with core.works.across_workspaces("look") as work:
        return work.session.scalars(select(SignInSession)).all() == []


class Away(Relay):
    """A relay whose database is away at the first look."""

    failures = 1

    def step(self):
        self.failures -= 1
        if self.failures == 0:
            raise OperationalError("x", {}, Exception("away"))
        return super().step()


def _running(worker):
    thread = threading.Thread(target=worker.run)
    thread.start()
    return thread


def test_events_are_handed_out_and_what_ran_out_is_swept(core, tenant, clock):
    sign_in(core.works, tenant.email, PASSWORD, Visitor("192.0.2.1", ""), days=1)
    with core.works.write(tenant.system()) as work:
        work.record(Happened(object_id="t", object_version=1, data={}))
    clock.advance(2 * 86_400)
    worker = Worker(core)
    thread = _running(worker)
    eventually(lambda: _placed(core, tenant) and _swept(core), 20)
    worker.stop()
    thread.join()


def test_no_event_waits_for_what_is_swept(core, tenant, monkeypatch):
    began, done = threading.Event(), threading.Event()

    def sweep(_care):
        began.set()
        done.wait(30)

    monkeypatch.setattr(Care, "sweep", sweep)
    worker = Worker(core)
    thread = _running(worker)
    assert began.wait(20)
    with core.works.write(tenant.system()) as work:
        work.record(Happened(object_id="t", object_version=1, data={}))
    eventually(lambda: _placed(core, tenant), 20)
    assert not done.is_set()
    done.set()
    worker.stop()
    thread.join()


def test_what_can_not_be_swept_is_swept_later(core, tenant, monkeypatch):
    failures = [OperationalError("x", {}, Exception("away"))]

    def sweep(_care):
        for one in failures:
            failures.clear()
            raise one
        swept.set()

    swept = threading.Event()
    monkeypatch.setattr(Care, "sweep", sweep)
    monkeypatch.setattr(sweeping, "_SWEEP_SECONDS", 0.01)
    worker = Worker(core)
    thread = _running(worker)
    assert swept.wait(20)
    worker.stop()
    thread.join()


def test_a_database_that_is_away_is_asked_again(core, tenant, monkeypatch):
    monkeypatch.setattr("geminicrm.processes.worker.Relay", Away)
    worker = Worker(core, rest_seconds=0.01)
    with core.works.write(tenant.system()) as work:
        work.record(Happened(object_id="t", object_version=1, data={}))
    thread = _running(worker)
    eventually(lambda: _placed(core, tenant), 20)
    worker.stop()
    thread.join()
