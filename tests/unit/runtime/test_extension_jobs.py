"""Jobs of extensions in the hands of a worker."""

from typing import Any

import pytest
from structlog.testing import capture_logs

from extensions.sdk.errors import Invalid, JobStopped
from extensions.sdk.jobs import Job
from geminicrm.kernel.clock import FixedClock
from geminicrm.kernel.generation import RUNTIME
from geminicrm.kernel.jobs.jobs import NewJob, enqueue
from geminicrm.kernel.jobs.kinds import Cancelled, Claimed, Interrupted, Overran, Postponed, Run
from geminicrm.runtime.asking_for_jobs import JOB_KIND, JOB_SECONDS
from geminicrm.runtime.failures import ExtensionFailed
from geminicrm.runtime.jobs_door import RunControl
from geminicrm.runtime.models import Installation
from tests.support.core import START, Tenant
from tests.support.job_samples import WORKER, jobs, states, work
from tests.support.sample_extensions import HEAD, QUIET, Stage, with_method


def ask(stage: Stage, tenant: Tenant, target: str, name: str = "count", payload: Any = None) -> str:
    asked = {"name": name, "payload": payload}
    new = NewJob(kind=JOB_KIND, target=target, payload=asked, seconds=JOB_SECONDS)
    with stage.core.works.write(tenant.system()) as unit:
        return enqueue(unit, new)


def claimed(tenant: Tenant, target: str, **changes: Any) -> Claimed:
    facts: dict[str, Any] = {
        "id": "job_1", "workspace_id": tenant.id, "kind": JOB_KIND, "target": target, "queue": "q",
        "payload": {"name": "count", "payload": None}, "event": None, "order_key": None,
        "position": None, "attempt": 1, "max_attempts": 5, "seconds": JOB_SECONDS,
        "created_at": START,
    }  # fmt: skip
    return Claimed(**{**facts, **changes})


def seen(stage: Stage, tenant: Tenant) -> Any:
    extension: Any = stage.find(tenant).loaded.extension
    return extension.seen


def test_a_job_is_done_with_the_grant_alone(stage: Stage, tenant: Tenant):
    one = stage.put(tenant, WORKER)
    ask(stage, tenant, one, payload={"of": 1})
    work(stage.core, stage.runtime)
    assert seen(stage, tenant) == [("count", {"of": 1}, 1, False, "system")]
    assert states(stage.core, tenant) == [("done", 1)]
    assert ("sample", "run_job", "ok") in stage.metrics.seen


def test_one_job_may_ask_for_the_next(stage: Stage, tenant: Tenant):
    ask(stage, tenant, stage.put(tenant, WORKER), "more", 2)
    work(stage.core, stage.runtime)
    assert [one[:2] for one in seen(stage, tenant)] == [("more", 2), ("more", 1), ("more", 0)]


def test_a_failure_comes_again_and_says_so(stage: Stage, tenant: Tenant, clock: FixedClock):
    ask(stage, tenant, stage.put(tenant, WORKER), "crash")
    with capture_logs():
        work(stage.core, stage.runtime)
    (row,) = jobs(stage.core, tenant)
    assert (row.state, row.attempts) == ("queued", 1)
    assert "sample failed in run_job at extension.py:" in str(row.last_error)
    assert "ValueError: crash" in str(row.last_error)
    clock.advance(2)
    work(stage.core, stage.runtime)
    assert [one[2:4] for one in seen(stage, tenant)] == [(1, False), (2, True)]
    (trouble,) = stage.runtime.calls.troubles(stage.find(tenant).id)
    assert (trouble.kind, trouble.paused) == ("run_job", False)


def test_unavailable_does_not_count_against_the_extension(stage: Stage, tenant: Tenant):
    one = stage.put(tenant, WORKER)
    ask(stage, tenant, one, "down")
    work(stage.core, stage.runtime)
    (row,) = jobs(stage.core, tenant)
    assert (row.state, row.last_error) == ("queued", "Unavailable: the other side is down")
    assert stage.runtime.calls.troubles(one) == []


def test_a_version_without_the_hook_fails(stage: Stage, tenant: Tenant):
    ask(stage, tenant, stage.put(tenant, HEAD + QUIET))
    with capture_logs():
        work(stage.core, stage.runtime)
    (row,) = jobs(stage.core, tenant)
    assert row.last_error == "HookMissing: Sample 1.0.0 has no run_job"


def test_what_is_due_after_it_was_switched_off_is_cancelled(stage: Stage, tenant: Tenant):
    one = stage.put(tenant, WORKER)
    stage.find(tenant)
    ask(stage, tenant, one)
    stage.change(tenant, one, enabled=False)
    work(stage.core, stage.runtime)
    assert states(stage.core, tenant) == [("cancelled", 1)]


def test_so_is_what_is_due_after_it_was_uninstalled(
    stage: Stage, tenant: Tenant, clock: FixedClock
):
    one = stage.put(tenant, WORKER)
    ask(stage, tenant, one)
    with stage.core.works.write(tenant.system()) as unit:
        unit.session.delete(unit.get(Installation, one))
        stage.core.generations.bump(unit, RUNTIME)
    clock.advance(3600)
    work(stage.core, stage.runtime)
    (row,) = jobs(stage.core, tenant)
    assert row.state == "cancelled"
    assert "not installed any more" in str(row.last_error)


def test_a_job_of_an_install_that_has_not_ended_waits(stage: Stage, tenant: Tenant):
    (kind, _) = stage.runtime.kinds
    with pytest.raises(Postponed, match="not installed yet"):
        kind.run(claimed(tenant, "inst_soon"), Run(60))


def test_a_job_of_one_that_is_not_served_here_waits(stage: Stage, tenant: Tenant):
    one = stage.put(tenant, "import nothing_like_this")
    (kind, _) = stage.runtime.kinds
    with capture_logs(), pytest.raises(Postponed, match="not served here: "):
        kind.run(claimed(tenant, one), Run(60))


def test_in_safe_mode_they_wait(stage: Stage, tenant: Tenant, stage_of: Any):
    one = stage.put(tenant, WORKER)
    safe = stage_of(stage.core, safe=lambda: True)
    (kind, _) = safe.runtime.kinds
    assert not kind.ready()
    with pytest.raises(Postponed):
        kind.run(claimed(tenant, one), Run(60))
    assert stage.runtime.kinds[0].ready()


LONG = with_method(
    """
    def run_job(self, job):
        for step in range(3):
            job.progress(step * 30, f"step {step}")
    run_job = hookimpl(run_job)
    """
)


def test_a_cancelled_job_ends_when_it_looks(stage: Stage, tenant: Tenant):
    one = stage.put(tenant, LONG)
    (kind, _) = stage.runtime.kinds
    run = Run(60)
    run.cancel()
    with pytest.raises(Cancelled):
        kind.run(claimed(tenant, one), run)
    assert run.said == (0, "step 0")
    assert stage.runtime.calls.troubles(one) == []


def test_one_that_returns_early_is_cancelled_too(stage: Stage, tenant: Tenant):
    source = LONG.replace("for step in range(3):", "while not job.cancelled:")
    (kind, _) = stage.runtime.kinds
    run = Run(60)
    run.cancel()
    with pytest.raises(Cancelled):
        kind.run(claimed(tenant, stage.put(tenant, source)), run)
    assert run.said is None


def test_a_worker_that_stops_interrupts_it(stage: Stage, tenant: Tenant):
    (kind, _) = stage.runtime.kinds
    run = Run(60)
    run.stop()
    with pytest.raises(Interrupted):
        kind.run(claimed(tenant, stage.put(tenant, LONG)), run)


def test_one_that_is_out_of_time_is_told(stage: Stage, tenant: Tenant):
    (kind, _) = stage.runtime.kinds
    with pytest.raises(Overran):
        kind.run(claimed(tenant, stage.put(tenant, LONG)), Run(-1))


def test_stopping_for_no_reason_is_a_failure(stage: Stage, tenant: Tenant):
    source = with_method(
        """
        @hookimpl
        def run_job(self):
            from extensions.sdk.errors import JobStopped
            raise JobStopped("tired")
        """
    )
    (kind, _) = stage.runtime.kinds
    with pytest.raises(JobStopped, match="tired"):
        kind.run(claimed(tenant, stage.put(tenant, source)), Run(60))


@pytest.mark.parametrize("given", [("x", ""), (None, ""), (1, 3)])
def test_progress_takes_a_number_and_words(given: Any):
    with pytest.raises(Invalid):
        RunControl(Run(60)).progress(*given)


@pytest.mark.parametrize(
    ("percent", "shown"), [(-1, 0), (10**400, 100), (float("inf"), 100), (float("nan"), 100)]
)
def test_odd_numbers_are_cut(percent: float, shown: int):
    run = Run(60)
    RunControl(run).progress(percent)
    assert run.said == (shown, "")


def test_progress_is_cut_to_what_a_row_holds():
    run = Run(60)
    RunControl(run).progress(250, "a\0b" + "x" * 400)
    assert run.said == (100, "a?b" + "x" * 296 + "…")


def test_after_several_failures_in_a_row_it_is_left_out(stage: Stage, tenant: Tenant):
    one = stage.put(tenant, WORKER)
    (kind, _) = stage.runtime.kinds
    crash = claimed(tenant, one, payload={"name": "crash", "payload": None})
    with capture_logs():
        for _ in range(5):
            with pytest.raises(ExtensionFailed):
                kind.run(crash, Run(60))
    with pytest.raises(Postponed):
        kind.run(crash, Run(60))


def test_a_job_in_a_test_of_an_extension_tells_nobody():
    job = Job(id="job_1", name="count")
    job.progress(50, "half")
    assert (job.cancelled, job.again, job.payload) == (False, False, None)
