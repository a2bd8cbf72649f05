"""Events on their way to the integration: retries, dead letters, replays, what is told on."""

import pytest
from sqlalchemy import select

from geminicrm.kernel.audit import AuditEntry
from geminicrm.kernel.errors import Conflict, NotFound, ScopeMissing
from geminicrm.kernel.jobs.models import Job
from geminicrm.webhooks.incoming.replaying import reprocess
from geminicrm.webhooks.incoming.storing import KEPT_DAYS, MOST_ATTEMPTS, sweep
from tests.support.webhooks_in import event

HOUR = 3600
DAY = 24 * HOUR


def job_of(gate):
    (item,) = gate.items()
    with gate.core.works.read(gate.tenant.owner()) as work:
        return work.get(Job, item.job_id)


def replayed(gate, which="all"):
    (row,) = gate.rows()
    with gate.core.works.write(gate.tenant.owner()) as work:
        return reprocess(work, row.id, which)


def test_an_event_that_fails_comes_again_and_says_so(both_gates, clock):
    gate = both_gates
    gate.send(event("evt_1", "busy"))
    gate.work()
    (item,) = gate.items()
    assert (item.state, item.attempts) == ("queued", 1)
    assert "busy" in item.error
    clock.advance(HOUR)
    gate.work()
    assert gate.handed() == [("evt_1", 1), ("evt_1", 2)]


def test_what_fails_for_good_is_a_dead_letter_that_can_be_replayed(both_gates, clock):
    gate = both_gates
    gate.send(event("evt_1", "busy"))
    rounds = [(gate.work(), clock.advance(HOUR)) for _ in range(MOST_ATTEMPTS)]
    (item,) = gate.items()
    assert (item.state, item.attempts, job_of(gate).state) == ("failed", len(rounds), "dead")
    assert replayed(gate, "failed") == 1
    assert (gate.items()[0].state, job_of(gate).state) == ("queued", "queued")
    gate.work()
    assert gate.handed()[-1] == ("evt_1", MOST_ATTEMPTS + 1)


def test_what_was_done_can_be_done_again_and_the_integration_is_told(gate):
    gate.send()
    gate.work()
    assert replayed(gate) == 1
    gate.work()
    assert gate.handed() == [("evt_1", 1), ("evt_1", 2)]
    assert gate.states() == [("evt_1", "done")]


def test_what_waits_already_is_not_asked_for_twice(gate):
    gate.send()
    assert replayed(gate) == 0
    gate.work()
    assert gate.handed() == [("evt_1", 1)]


def test_only_what_was_believed_can_be_worked_on_again(gate):
    gate.send(secret="whsec_wrong")
    with pytest.raises(Conflict):
        replayed(gate)


def test_a_replay_needs_its_permission_and_is_audited(gate):
    gate.send()
    (row,) = gate.rows()
    reader = gate.tenant.owner("read:webhooks")
    with pytest.raises(ScopeMissing), gate.core.works.write(reader) as work:
        reprocess(work, row.id)
    with pytest.raises(NotFound), gate.core.works.write(gate.tenant.owner()) as work:
        reprocess(work, "whr_none")
    gate.work()
    replayed(gate)
    with gate.core.works.read(gate.tenant.owner()) as work:
        query = select(AuditEntry).where(AuditEntry.action == "webhook.reprocessed")
        (entry,) = work.session.scalars(query)
    assert (entry.subject, entry.actor_id) == (row.id, gate.tenant.owner_id)


def test_code_that_breaks_is_an_attempt_as_any(gate):
    gate.send(event("evt_1", "broken"))
    gate.work()
    (item,) = gate.items()
    assert (item.state, item.attempts) == ("queued", 1)
    assert "failed half way" in item.error


def test_code_that_breaks_again_and_again_is_left_alone_with_no_attempt_spent(gate):
    keys = [f"evt_{number}" for number in range(8)]
    answers = [gate.send(event(key, "broken")).status_code for key in keys]
    gate.work()
    items = gate.items()
    assert set(answers) == {200}
    assert sum(one.attempts for one in items) == len(gate.handed()) == 5
    assert {one.state for one in items} == {"queued"}


def test_what_has_changed_is_told_to_who_reads_again(gate):
    gate.send(event("evt_1", "changed"))
    gate.work()
    assert gate.listeners.heard == [(gate.connection_id, ["evt_1"])]


def test_an_event_waits_for_an_extension_that_is_not_served(gate):
    gate.send()
    installed = gate.stage.find(gate.tenant)
    gate.stage.change(gate.tenant, installed.id, enabled=False)
    gate.stage.runtime.reconcile()
    gate.work()
    (item,) = gate.items()
    assert (item.state, job_of(gate).state) == ("failed", "cancelled")
    gate.stage.change(gate.tenant, installed.id, enabled=True)
    gate.stage.runtime.reconcile()
    replayed(gate)
    gate.work()
    assert gate.states() == [("evt_1", "done")]


def test_an_event_of_a_connection_that_is_gone_ends(gate):
    gate.send()
    with gate.core.works.write(gate.tenant.owner()) as work:
        gate.core.connections.book.remove(work, gate.connection_id)
    gate.stage.runtime.reconcile()
    gate.work()
    assert gate.states() == [("evt_1", "failed")]
    assert gate.items()[0].error == "its connection is not there any more"
    assert gate.send().status_code == 404


def test_the_log_is_kept_for_thirty_days(both_gates, clock):
    gate = both_gates
    gate.send(event("evt_1"))
    gate.send(event("evt_2"), secret="whsec_wrong")
    gate.work()
    clock.advance(KEPT_DAYS * DAY - 1)
    assert len(swept(gate)) == 2
    clock.advance(2)
    assert swept(gate) == []
    assert gate.items() == []


def swept(gate):
    with gate.core.works.across_workspaces("sweep for a test", write=True) as work:
        sweep(work)
    return gate.rows()
