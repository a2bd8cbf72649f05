"""Who may look after which jobs, and what becomes of them."""

import pytest
from sqlalchemy import select

from geminicrm.app import Core
from geminicrm.identity.actor import PersonActor
from geminicrm.jobs import service
from geminicrm.jobs.question import Question
from geminicrm.jobs.service import Retried, of_instance
from geminicrm.kernel.audit import AuditEntry
from geminicrm.kernel.errors import Conflict, NotFound, ScopeMissing
from geminicrm.kernel.events import Event
from geminicrm.kernel.jobs.models import AT_ONCE
from geminicrm.kernel.owners import own_name
from tests.support.core import Tenant
from tests.support.jobs import EVENTS, OWN_JOB, count_in, job_of, put, put_dead


class LeadCreated(Event):
    type = "lead.created"


def stored_event(core: Core, tenant: Tenant) -> str:
    with core.works.write(tenant.system()) as work:
        work.record(LeadCreated(object_id="lead_1", object_version=1, data={"name": "Ada"}))
        (row,) = work.session.new
        return str(row.id)


def audited(core: Core, workspace_id: str) -> list[tuple[str, str, object]]:
    with core.works.across_workspaces("read the audit log") as work:
        rows = work.session.scalars(
            select(AuditEntry)
            .where(AuditEntry.action.startswith("job."), AuditEntry.workspace_id == workspace_id)
            .order_by(AuditEntry.id)
        )
        return [(row.action, row.actor_label, row.changes.get("jobs")) for row in rows]


@pytest.mark.parametrize("scopes", [("read:extensions",), ("operate:instance",)])
def test_the_jobs_of_a_workspace_are_for_those_who_manage_its_extensions(
    core: Core, tenant: Tenant, scopes: tuple[str, ...]
):
    (job,) = put_dead(core, tenant.id)
    actor = tenant.owner(*scopes)
    for act in (
        lambda: core.jobs.page(actor, Question()),
        lambda: core.jobs.summary(actor),
        lambda: core.jobs.failed(actor),
        lambda: core.jobs.get(actor, job),
        lambda: core.jobs.label(actor, "ins_mill"),
        lambda: core.jobs.cancel(actor, job),
        lambda: core.jobs.retry(actor, job),
        lambda: core.jobs.retry_all(actor, OWN_JOB, "ins_mill"),
    ):
        with pytest.raises(ScopeMissing) as caught:
            act()
        assert caught.value.scope == "manage:extensions"


def test_the_jobs_of_the_crm_itself_are_for_operators(
    core: Core, tenant: Tenant, admin: PersonActor, operator: PersonActor
):
    (own,) = put_dead(core, "", target="")
    with pytest.raises(ScopeMissing) as caught:
        core.jobs.get(of_instance(admin), own)
    assert caught.value.scope == "operate:instance"
    with pytest.raises(NotFound):
        core.jobs.get(operator, own)
    assert core.jobs.retry(of_instance(operator), own)["state"] == "queued"
    assert core.jobs.summary(of_instance(operator))["states"]["queued"] == 1
    assert audited(core, "") == [("job.retried", "Olga Owner", None)]
    assert audited(core, tenant.id) == []


def test_nobody_reaches_the_jobs_of_another_workspace(
    core: Core, tenant: Tenant, south: Tenant, admin: PersonActor
):
    (waiting,), (dead,) = put(core, south.id), put_dead(core, south.id)
    for act in (core.jobs.get, core.jobs.cancel, core.jobs.retry):
        with pytest.raises(NotFound):
            act(admin, waiting)
    assert core.jobs.retry_all(admin, OWN_JOB, "ins_mill") == Retried(0, 0, left=False)
    assert (job_of(core, waiting).state, job_of(core, dead).state) == ("queued", "dead")


def test_cancel(core: Core, tenant: Tenant, admin: PersonActor):
    (waiting,) = put(core, tenant.id)
    (running,) = put(core, tenant.id, state="running", leased_by=own_name())
    assert core.jobs.cancel(admin, waiting)["state"] == "cancelled"
    asked = core.jobs.cancel(admin, running)
    assert (asked["state"], asked["cancel_asked"]) == ("running", True)
    with pytest.raises(Conflict, match="The job is cancelled"):
        core.jobs.cancel(admin, waiting)
    assert audited(core, tenant.id) == [("job.cancelled", "Olga Owner", None)] * 2


def test_retry(core: Core, tenant: Tenant, admin: PersonActor):
    (dead,) = put_dead(core, tenant.id)
    shown = core.jobs.retry(admin, dead)
    assert (shown["state"], shown["attempts"], shown["max_attempts"]) == ("queued", 6, 12)
    assert job_of(core, dead).due_at == AT_ONCE
    with pytest.raises(Conflict, match="The job is queued"):
        core.jobs.retry(admin, dead)
    assert audited(core, tenant.id) == [("job.retried", "Olga Owner", None)]


def test_retry_of_all_goes_in_parts(core: Core, tenant: Tenant, admin: PersonActor, monkeypatch):
    monkeypatch.setattr(service, "_BATCH", 2)
    put_dead(core, tenant.id, 5)
    put_dead(core, tenant.id, kind=EVENTS)
    put_dead(core, tenant.id, target="ins_forge")
    assert core.jobs.retry_all(admin, OWN_JOB, "ins_mill") == Retried(5, 0, left=False)
    assert (count_in(core, "queued"), count_in(core, "dead")) == (5, 2)
    said = audited(core, tenant.id)
    assert said == [("job.all_retried", "Olga Owner", jobs) for jobs in (2, 2, 1)]


def test_retry_of_all_has_an_end(core: Core, tenant: Tenant, admin: PersonActor, monkeypatch):
    monkeypatch.setattr(service, "_BATCH", 2)
    monkeypatch.setattr(service, "MOST_AT_ONCE", 4)
    put_dead(core, tenant.id, 5)
    assert core.jobs.retry_all(admin, OWN_JOB, "ins_mill") == Retried(4, 0, left=True)
    assert core.jobs.retry_all(admin, OWN_JOB, "ins_mill") == Retried(1, 0, left=False)


def test_what_is_open_under_the_same_key_is_not_queued_twice(
    core: Core, tenant: Tenant, admin: PersonActor
):
    (first, second) = put_dead(core, tenant.id, 2, unique_key="daily")
    assert core.jobs.retry_all(admin, OWN_JOB, "ins_mill") == Retried(1, 1, left=False)
    assert (job_of(core, first).state, job_of(core, second).state) == ("queued", "dead")
    with pytest.raises(Conflict, match="Another one with the same key"):
        core.jobs.retry(admin, second)


def test_a_job_is_shown_with_its_event(core: Core, tenant: Tenant, admin: PersonActor):
    event_id = stored_event(core, tenant)
    (job,) = put(core, tenant.id, kind=EVENTS, event_id=event_id, position=1)
    shown = core.jobs.get(admin, job)
    assert (shown["event_type"], shown["due_at"], shown["payload"]) == ("lead.created", None, None)
    assert (shown["event"]["id"], shown["event"]["data"]) == (event_id, {"name": "Ada"})
    (listed,) = core.jobs.page(admin, Question()).data
    assert listed["event_type"] == "lead.created"
    narrow = core.jobs.get(tenant.owner("manage:extensions"), job)
    assert narrow["event"]["data"] is None


def test_which_process_runs_a_job_is_for_operators(
    core: Core, tenant: Tenant, admin: PersonActor, operator: PersonActor
):
    name = "far~1234|boot|ns|4711|99"
    (job,) = put(core, tenant.id, state="running", leased_by=name, payload={"page": 2})
    assert core.jobs.get(admin, job)["worker"] is None
    shown = core.jobs.get(operator, job)
    assert shown["worker"] == {"host": "far", "pid": 4711}
    assert shown["payload"] == {"page": 2}
