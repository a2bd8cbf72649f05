import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import select

from geminicrm.kernel.db import Database, UtcDateTime, WriteLock
from geminicrm.kernel.errors import Unavailable
from geminicrm.kernel.jobs.models import Job
from geminicrm.kernel.outbox import OutboxEvent
from geminicrm.kernel.work import Actor, Works


def store(works: Works, actor: Actor, instant: datetime) -> datetime:
    with works.write(actor) as work:
        work.session.add(
            OutboxEvent(
                id="evt_1",
                type="x.y",
                schema_version=1,
                object_id="o",
                object_version=1,
                occurred_at=instant,
                data={},
            )
        )
    with works.read(actor) as work:
        return work.session.scalars(select(OutboxEvent)).one().occurred_at


def test_an_instant_comes_back_in_utc_whatever_its_zone(works: Works, ada: Actor) -> None:
    instant = datetime(2026, 11, 21, 9, 0, 0, 123456, tzinfo=timezone(timedelta(hours=5)))
    stored = store(works, ada, instant)
    assert stored == instant
    assert stored.tzinfo is UTC


def test_a_naive_instant_is_refused(works: Works, ada: Actor) -> None:
    with pytest.raises(Exception, match="has no time zone"):
        store(works, ada, datetime(2026, 11, 21))  # noqa: DTZ001 -- the wrong value under test


def test_no_instant_is_none(database: Database) -> None:
    column = UtcDateTime()
    assert column.process_bind_param(None, database.engine.dialect) is None
    assert column.process_result_value(None, database.engine.dialect) is None


def test_references_are_held(works: Works) -> None:
    now = works.clock.now()
    job = Job(
        id="job_1", workspace_id="ws_a", kind="event:s", queue="ws_a/t", event_id="evt_none",
        due_at=now, created_at=now, max_attempts=1, seconds=1,
    )  # fmt: skip
    with (
        pytest.raises(Exception, match=r"(?i)foreign key"),
        works.across_workspaces("test", write=True) as work,
    ):
        work.session.add(job)


@pytest.fixture
def lock_path(tmp_path: Path) -> Path:
    return tmp_path / "x.lock"


def test_a_write_inside_a_write_is_found_at_once(lock_path: Path) -> None:
    lock = WriteLock(lock_path)
    with lock.held(), pytest.raises(RuntimeError, match="inside another"), lock.held():
        pass
    with lock.held():
        pass
    lock.close()


def test_another_process_is_waited_for_and_then_reported(lock_path: Path) -> None:
    # A second open file stands for another process: flock holds per open file.
    mine, other = WriteLock(lock_path), WriteLock(lock_path)
    with other.held(), pytest.raises(Unavailable, match=r"x\.lock"), mine.held(0.05):
        pass
    with mine.held(0.05):
        pass
    mine.close()
    other.close()


def test_another_thread_is_waited_for_and_then_reported(lock_path: Path) -> None:
    lock = WriteLock(lock_path)
    inside, release = threading.Event(), threading.Event()

    def hold() -> None:
        with lock.held():
            inside.set()
            release.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    assert inside.wait(10)
    with pytest.raises(Unavailable), lock.held(0.05):
        pass
    release.set()
    thread.join()
    with lock.held(0.05):
        pass
    lock.close()
