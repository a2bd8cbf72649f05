"""A disk without room: what can't be stored is refused and leaves no event; all else goes on."""

import threading

import pytest
from sqlalchemy import event, func, select, text

from geminicrm.app import create_app
from geminicrm.kernel.outbox import OutboxEvent
from geminicrm.processes.worker import Worker
from tests.support.core import make_tenant
from tests.support.waiting import eventually

_SECONDS = 60


class Disk:
    """Lets the database have no page more than it has, or as many as it wants."""

    def __init__(self, core):
        self.full = False
        self._core = core
        event.listen(core.database.engine, "begin", self._limit)

    def _limit(self, connection):
        driver = connection.connection.driver_connection
        pages = driver.execute("PRAGMA page_count").fetchone()[0]
        driver.execute(f"PRAGMA max_page_count = {pages if self.full else 2**30}")


@pytest.fixture
def core(make_core):
    return make_core(GEMINICRM_RELAY_POLL_SECONDS="0.05")


@pytest.fixture
def tenant(core):
    return make_tenant(core, "north")


@pytest.fixture
def disk(core):
    return Disk(core)


@pytest.fixture
def posting(core, tenant):
    """Give a function that asks for a lead with so much text, and gives the answer."""
    client = create_app(core=core).test_client()

    def post(size):
        body = {"last_name": "Lovelace", "custom": {"text": "x" * size}}
        return client.post("/api/leads", json=body, headers=tenant.headers())

    return post


@pytest.fixture
def running(core):
    """Give a worker in a thread."""
    worker = Worker(core, rest_seconds=0.05)
    thread = threading.Thread(target=worker.run)
    thread.start()
    yield worker
    worker.stop()
    thread.join(_SECONDS)


def count(core, *conditions):
    with core.works.across_workspaces("count") as work:
        query = select(func.count()).select_from(OutboxEvent).where(*conditions)
        return work.session.scalar(query)


def refused(posting):
    answers = [posting(3_000) for _ in range(40)]
    return [answer for answer in answers if answer.status_code != 201]


@pytest.mark.usefixtures("running")
def test_nothing_is_half_and_nothing_is_lost(core, disk, posting):
    assert [posting(100).status_code for _ in range(3)] == [201, 201, 201]
    disk.full = True
    wrong = refused(posting)
    kept = 3 + 40 - len(wrong)
    assert {answer.status_code for answer in wrong} == {507}
    assert {answer.json["code"] for answer in wrong} == {"disk_full"}
    assert count(core) == kept, "an event for each that was stored, and for no other"
    with core.works.across_workspaces("count") as work:
        assert work.session.execute(text("SELECT count(*) FROM leads")).scalar() == kept
    disk.full = False
    assert posting(100).status_code == 201
    eventually(lambda: count(core, OutboxEvent.position.is_(None)) == 0, _SECONDS)
    with core.works.across_workspaces("read") as work:
        query = select(OutboxEvent.position).order_by(OutboxEvent.position)
        assert work.session.scalars(query).all() == list(range(1, kept + 2))
