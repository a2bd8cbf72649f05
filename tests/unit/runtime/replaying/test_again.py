"""An event that is delivered once more, and what a dry run does about time."""

import dataclasses

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from geminicrm.kernel.audit import AuditEntry
from geminicrm.kernel.errors import Conflict
from geminicrm.kernel.jobs.models import DEAD, QUEUED, Job
from geminicrm.kernel.outbox import OutboxEvent
from geminicrm.runtime.models import StoredDocument
from geminicrm.runtime.replaying.trials import Trials
from tests.support.life import HELLO
from tests.support.replaying import FIRST, Replaying, operations

COUNTS = "app.storage.put(f'attempt-{event.attempt}', event.id)"


def keys(one: Replaying) -> list[str]:
    with one.core.works.read(one.tenant.system()) as work:
        return list(work.session.scalars(select(StoredDocument.key).order_by(StoredDocument.key)))


def jobs(one: Replaying) -> list[Job]:
    with one.core.works.read(one.tenant.system()) as work:
        return list(work.session.scalars(select(Job)))


def test_it_is_delivered_as_a_further_attempt(replaying: Replaying):
    replaying.install(COUNTS)
    event_id, _ = replaying.event()
    queued = replaying.core.replays.again(replaying.tenant.owner(), HELLO, event_id)
    assert queued.attempt == 2
    assert [job.id for job in jobs(replaying)] == [queued.job_id]
    replaying.work()

    assert keys(replaying) == ["attempt-1", "attempt-2"]
    assert jobs(replaying) == []
    with replaying.core.works.read(replaying.tenant.system()) as work:
        query = select(AuditEntry).where(AuditEntry.action == "extension.event_replayed")
        (told,) = work.session.scalars(query)
        assert told.changes == {"event": event_id, "type": "lead.created", "job": queued.job_id}


def test_one_that_waits_is_not_queued_twice(inside: Replaying):
    inside.install(COUNTS)
    event_id, _ = inside.event()
    first = inside.core.replays.again(inside.tenant.owner(), HELLO, event_id)
    assert inside.core.replays.again(inside.tenant.owner(), HELLO, event_id) == first
    assert len(jobs(inside)) == 1


def test_one_that_was_given_up_gets_its_attempts_anew(inside: Replaying):
    inside.install("raise ValueError('no')")
    with capture_logs():
        event_id, _ = inside.event()
    (job,) = jobs(inside)
    with inside.core.works.write(inside.tenant.system()) as work:
        row = work.get(Job, job.id)
        row.state, row.attempts = DEAD, row.max_attempts
    queued = inside.core.replays.again(inside.tenant.owner(), HELLO, event_id)

    assert (queued.job_id, queued.attempt) == (job.id, job.max_attempts + 1)
    assert [one.state for one in jobs(inside)] == [QUEUED]


def test_what_would_not_get_it_is_not_asked(inside: Replaying):
    inside.install(FIRST, events=["lead.deleted"])
    event_id, _ = inside.event()
    with pytest.raises(Conflict, match=r"does not get lead\.created"):
        inside.core.replays.again(inside.tenant.owner(), HELLO, event_id)
    inside.core.life_cycle.disable(inside.tenant.owner(), HELLO)
    with pytest.raises(Conflict, match="is switched off"):
        inside.core.replays.again(inside.tenant.owner(), HELLO, event_id)


def test_one_that_was_not_handed_out_yet_waits(inside: Replaying):
    inside.install(FIRST)
    inside.core.crm.leads.create(inside.tenant.owner(), {"last_name": "New"})
    with inside.core.works.read(inside.tenant.system()) as work:
        query = select(OutboxEvent.id).where(OutboxEvent.position.is_(None))
        event_id = work.session.scalars(query).one()
    with pytest.raises(Conflict, match="not handed out yet"):
        inside.core.replays.again(inside.tenant.owner(), HELLO, event_id)


SLOW = """
app.storage.put('first', event.attempt)
until = time.monotonic() + 2.0
while time.monotonic() < until and event.attempt > 1:
    time.sleep(0.05)
"""


def test_one_that_does_not_return_is_given_up(replaying: Replaying, monkeypatch):
    replaying.install(SLOW)
    event_id, _ = replaying.event()
    parts = replaying.core.replays._trials._parts  # noqa: SLF001 - a setting has whole seconds
    monkeypatch.setattr(
        replaying.core.replays, "_trials", Trials(dataclasses.replace(parts, seconds=0.5))
    )
    with capture_logs():
        trial = replaying.dry_run(event_id)
    assert trial["outcome"] == "timeout"
    assert trial["reason"] == "no return within 0.5 s"
    assert operations(trial) == ["storage.put"]
