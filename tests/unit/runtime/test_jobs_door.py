"""`app.jobs` in process: what is stored, and what is refused."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from extensions.sdk import errors as sdk
from extensions.sdk.jobs import MAX_OPEN_JOBS, MAX_PAYLOAD_BYTES
from geminicrm.app import Core
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.jobs.jobs import queue_of
from geminicrm.kernel.jobs.models import AT_ONCE, JOBS
from geminicrm.runtime.asking_for_jobs import JOB_KIND, JOB_SECONDS
from geminicrm.runtime.call_context import CallContext
from geminicrm.runtime.context import ExtensionContext
from geminicrm.runtime.models import Installation
from geminicrm.runtime.sdk_errors import NoCall
from tests.support.core import START, Tenant
from tests.support.job_samples import WORKER, jobs
from tests.support.sample_extensions import Stage

Act = Callable[[ExtensionContext], Any]


def inside(
    stage: Stage, tenant: Tenant, act: Act, kind: str = "route", name: str = "sample"
) -> Any:
    """Do something inside a call of the sample."""
    installed = stage.find(tenant, name)
    context: Any = installed.loaded.extension.app
    call = CallContext(installed, tenant.owner(), kind, 5.0, passes=(sdk.SdkError,))
    return stage.runtime.calls.run(call, lambda: act(context))


@pytest.fixture
def core(both_cores: Core) -> Core:
    """Give a core on each engine."""
    return both_cores


@pytest.fixture
def worker(stage: Stage, tenant: Tenant) -> str:
    """Install a sample without any permission."""
    return stage.put(tenant, WORKER, row={"granted": []})


def test_a_job_is_stored_for_the_installation(stage: Stage, tenant: Tenant, worker: str):
    given = inside(stage, tenant, lambda app: app.jobs.enqueue("count", {"of": [1, 2]}))
    (row,) = jobs(stage.core, tenant)
    assert (row.id, row.kind, row.target) == (given, JOB_KIND, worker)
    assert row.payload == {"name": "count", "payload": {"of": [1, 2]}}
    assert (row.queue, row.due_at) == (queue_of(tenant.id, worker), AT_ONCE)
    assert (row.seconds, row.max_attempts, row.unique_key) == (JOB_SECONDS, 5, None)


def test_it_may_be_for_later_and_try_less_often(stage: Stage, tenant: Tenant, worker: str):
    inside(stage, tenant, lambda app: app.jobs.enqueue("x", delay_seconds=90.5, max_attempts=1))
    (row,) = jobs(stage.core, tenant)
    assert row.due_at == START + timedelta(seconds=90.5)
    assert row.max_attempts == 1


def test_a_key_is_unique_for_the_installation(stage: Stage, tenant: Tenant, worker: str):
    stage.put(tenant, WORKER, {"n.py": ""}, id="other")

    def ask(app: ExtensionContext) -> str:
        return app.jobs.enqueue("x", unique_key="one")

    first, second = (inside(stage, tenant, ask) for _ in range(2))
    third = inside(stage, tenant, ask, name="other")
    assert first == second != third
    assert [one.id for one in jobs(stage.core, tenant)] == [first, third]


@pytest.mark.parametrize(
    ("act", "pointer"),
    [
        (lambda app: app.jobs.enqueue(""), "/name"),
        (lambda app: app.jobs.enqueue("x" * 81), "/name"),
        (lambda app: app.jobs.enqueue("a\n"), "/name"),
        (lambda app: app.jobs.enqueue(3), "/name"),
        (lambda app: app.jobs.enqueue("x", {"a": {1}}), "/payload/a"),
        (lambda app: app.jobs.enqueue("x", {"a": "b\0"}), "/payload/a"),
        (lambda app: app.jobs.enqueue("x", "x" * MAX_PAYLOAD_BYTES), "/payload"),
        (lambda app: app.jobs.enqueue("x", delay_seconds=-1), "/delay_seconds"),
        (lambda app: app.jobs.enqueue("x", delay_seconds=10**9), "/delay_seconds"),
        (lambda app: app.jobs.enqueue("x", delay_seconds=float("nan")), "/delay_seconds"),
        (lambda app: app.jobs.enqueue("x", delay_seconds=10**400), "/delay_seconds"),
        (lambda app: app.jobs.enqueue("x", delay_seconds="1"), "/delay_seconds"),
        (lambda app: app.jobs.enqueue("x", unique_key=""), "/unique_key"),
        (lambda app: app.jobs.enqueue("x", unique_key="k" * 101), "/unique_key"),
        (lambda app: app.jobs.enqueue("x", max_attempts=0), "/max_attempts"),
        (lambda app: app.jobs.enqueue("x", max_attempts=21), "/max_attempts"),
        (lambda app: app.jobs.enqueue("x", max_attempts=True), "/max_attempts"),
        (lambda app: app.jobs.control(), ""),
    ],
    ids=range(18),
)
def test_what_is_refused(stage: Stage, tenant: Tenant, worker: str, act: Act, pointer: str):
    with pytest.raises(sdk.Invalid) as caught:
        inside(stage, tenant, act)
    assert [one.pointer for one in caught.value.findings] == [pointer]
    assert jobs(stage.core, tenant) == []


def test_all_that_is_wrong_is_told_together(stage: Stage, tenant: Tenant, worker: str):
    with pytest.raises(sdk.Invalid) as caught:
        inside(stage, tenant, lambda app: app.jobs.enqueue("", {1}, max_attempts=0))
    pointers = [one.pointer for one in caught.value.findings]
    assert pointers == ["/payload", "/name", "/max_attempts"]


def test_so_many_may_be_open(stage: Stage, tenant: Tenant, worker: str):
    row = {
        "workspace_id": tenant.id, "kind": JOB_KIND, "target": worker,
        "queue": queue_of(tenant.id, worker), "due_at": START, "created_at": START,
        "state": "queued", "attempts": 0, "max_attempts": 5, "seconds": 60, "cancel_asked": False,
    }  # fmt: skip
    with stage.core.works.across_workspaces("many jobs", write=True) as work:
        many = [{**row, "id": new_id("job")} for _ in range(MAX_OPEN_JOBS)]
        work.session.execute(insert(JOBS), many)
    with pytest.raises(sdk.Unavailable, match="1,000 jobs of sample wait or run") as caught:
        inside(stage, tenant, lambda app: app.jobs.enqueue("x"))
    assert caught.value.retry_after == 60


def test_a_call_that_outlives_its_installation_asks_for_nothing(
    stage: Stage, tenant: Tenant, worker: str
):
    stage.find(tenant)
    with stage.core.works.write(tenant.system()) as work:
        work.session.delete(work.get(Installation, worker))
    with pytest.raises(sdk.NotFound, match="sample"):
        inside(stage, tenant, lambda app: app.jobs.enqueue("x"))
    assert inside(stage, tenant, lambda app: app.jobs.enqueue("x"), "install")


def test_outside_of_a_call_nothing_is_asked_for(stage: Stage, tenant: Tenant, worker: str):
    context: Any = stage.find(tenant).loaded.extension.app
    with pytest.raises(NoCall):
        context.jobs.enqueue("x")
