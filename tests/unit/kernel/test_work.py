"""The unit of work: what is kept, what is not, and who waits for whom."""

import multiprocessing
import sqlite3
import threading
from datetime import UTC, datetime
from typing import ClassVar

import pytest
from sqlalchemy import select
from sqlalchemy.exc import StatementError

from geminicrm.identity.models import Workspace
from geminicrm.kernel.audit import AuditEntry
from geminicrm.kernel.db import Database, WriteLock
from geminicrm.kernel.errors import Unavailable
from geminicrm.kernel.events import Event
from geminicrm.kernel.generation import AUTH, RUNTIME, Generations
from geminicrm.kernel.outbox import OutboxEvent
from tests.support.core import make_tenant


class Happened(Event):
    type: ClassVar[str] = "thing.happened"


def _happened() -> Happened:
    return Happened(object_id="thing_1", object_version=1, data={"name": "Zoë"})


def test_a_unit_keeps_event_and_audit_together(core, tenant):
    with core.works.write(tenant.system()) as work:
        work.record(_happened())
        work.audit("thing.happened", "thing_1", {"name": "Zoë"})
    with core.works.read(tenant.system()) as work:
        event = work.session.scalars(select(OutboxEvent)).one()
        assert (event.type, event.data, event.position) == ("thing.happened", {"name": "Zoë"}, None)
        assert event.occurred_at == work.now
        entry = work.session.scalars(
            select(AuditEntry).where(AuditEntry.subject == "thing_1")
        ).one()
        assert entry.actor_kind == "system"


def test_a_unit_that_fails_keeps_nothing_and_calls_nobody(core, tenant):
    called = []

    def fail() -> None:
        with core.works.write(tenant.system()) as work:
            work.record(_happened())
            work.session.flush()
            work.after_commit(lambda: called.append("never"))
            raise LookupError("on purpose")

    with pytest.raises(LookupError):
        fail()
    assert called == []
    with core.works.read(tenant.system()) as work:
        assert work.session.scalars(select(OutboxEvent)).all() == []


def test_what_waits_for_the_commit_runs_after_it(core, tenant):
    seen = []

    def look() -> None:
        with core.works.read(tenant.system()) as work:
            seen.append(len(work.session.scalars(select(OutboxEvent)).all()))

    with core.works.write(tenant.system()) as work:
        work.record(_happened())
        work.after_commit(look)
    assert seen == [1]


def test_a_write_inside_a_write_is_a_mistake_that_says_so(core, tenant):
    with (
        core.works.write(tenant.system()),
        pytest.raises(RuntimeError, match="inside another"),
        core.works.write(tenant.system()),
    ):
        raise AssertionError("not reached")


def test_an_instant_without_zone_is_not_stored(core, tenant):
    naive = datetime(2026, 1, 1)  # noqa: DTZ001 - the mistake under test
    with pytest.raises(StatementError), core.works.across_workspaces("x", write=True) as work:
        work.session.add(Workspace(id="ws_x", slug="x", name="X", created_at=naive))


def test_instants_come_back_in_utc_on_both_engines(both_cores):
    tenant = make_tenant(both_cores, "north")
    with both_cores.works.read(tenant.system()) as work:
        made = work.session.get_one(Workspace, tenant.id).created_at
    assert made == both_cores.works.clock.now()
    assert made.tzinfo is UTC


def test_writers_of_many_threads_all_get_through(both_cores):
    tenant = make_tenant(both_cores, "north")

    def write() -> None:
        for _ in range(5):
            with both_cores.works.write(tenant.system()) as work:
                work.record(_happened())

    threads = [threading.Thread(target=write) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with both_cores.works.read(tenant.system()) as work:
        assert len(work.session.scalars(select(OutboxEvent.id)).all()) == 30


def _hold(path: str, ready: object, release: object) -> None:
    with WriteLock(path).held():
        ready.set()
        release.wait(10)


def test_a_writer_of_another_process_is_waited_for_then_named(tmp_path):
    path = tmp_path / "x.lock"
    context = multiprocessing.get_context("spawn")
    ready, release = context.Event(), context.Event()
    holder = context.Process(target=_hold, args=(path, ready, release))
    holder.start()
    assert ready.wait(20)
    lock = WriteLock(path)
    with pytest.raises(Unavailable, match="lock locked"), lock.held(seconds=0.05):
        raise AssertionError("not reached")
    release.set()
    with lock.held(seconds=10):
        pass
    holder.join()
    lock.close()


def test_a_writer_of_another_thread_is_waited_for_then_named(tmp_path):
    lock = WriteLock(tmp_path / "x.lock")
    errors = []

    def try_it() -> None:
        try:
            with lock.held(seconds=0.05):
                errors.append("got in")
        except Unavailable as error:
            errors.append(error.status)

    with lock.held():
        thread = threading.Thread(target=try_it)
        thread.start()
        thread.join()
    assert errors == [503]
    lock.close()


def test_the_lock_lies_beside_the_database(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/a.db", tmp_path)
    with database.writing():
        assert (tmp_path / "a.db.lock").exists()
    database.dispose()


def test_sqlite_runs_with_wal_and_foreign_keys(core):
    with core.database.engine.connect() as connection:
        raw = connection.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)
        assert raw.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert raw.execute("PRAGMA foreign_keys").fetchone() == (1,)


def test_generations_rise_with_the_commit_and_never_fall(both_cores):
    generations = both_cores.generations
    with both_cores.works.across_workspaces("bump", write=True) as work:
        assert generations.bump(work, RUNTIME) == 1
        assert generations.get(RUNTIME) == 0
    assert generations.get(RUNTIME) == 1
    generations.raise_to(RUNTIME, 1)
    generations.raise_to(RUNTIME, 0)
    assert generations.get(RUNTIME) == 1
    assert generations.get(AUTH) == 0


def test_a_bump_made_elsewhere_arrives_by_sync(core, tmp_path):
    elsewhere = Generations(tmp_path / "other-machine")
    with core.works.across_workspaces("bump elsewhere", write=True) as work:
        elsewhere.bump(work, AUTH)
        elsewhere.bump(work, AUTH)
    elsewhere.close()
    assert core.generations.get(AUTH) == 0
    with core.works.across_workspaces("sync") as work:
        core.generations.sync(work)
    assert core.generations.get(AUTH) == 2
