"""Jobs and schedules of an extension whose code runs in a host."""

import json
from typing import Any

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from extensions.sdk.errors import Invalid, JobStopped
from geminicrm.app import Core, create_app
from geminicrm.kernel.clock import FixedClock
from geminicrm.kernel.jobs.kinds import Cancelled, Claimed, Run
from geminicrm.kernel.jobs.schedules import Schedules
from geminicrm.runtime.asking_for_jobs import JOB_KIND, JOB_SECONDS
from geminicrm.runtime.consent import InstallRequest
from geminicrm.runtime.failures import ExtensionFailed
from geminicrm.runtime.host.messages import Back
from geminicrm.runtime.hosting import conversation
from geminicrm.runtime.models import StoredDocument
from tests.support.core import START, Tenant
from tests.support.fake_hosts import HostSide, Played
from tests.support.job_samples import jobs, work
from tests.support.life import HELLO, files, zipped

CODE = '''"""Asks for jobs and does them."""

from typing import Any

from flask import Blueprint, jsonify, request

from extensions.extension_base import ExtensionBase, hookimpl
from extensions.sdk.jobs import Job, Schedule


class Working(ExtensionBase):
    """Keeps what it is given."""

    def install(self) -> None:
        self.app.jobs.enqueue("installed", unique_key="once")

    def uninstall(self) -> None:
        pass

    def get_routes(self) -> Blueprint:
        routes = Blueprint("hello", __name__)

        @routes.post("/jobs")
        def ask() -> Any:
            sent = request.get_json()
            return jsonify(self.app.jobs.enqueue(sent["name"], sent["payload"])), 201

        return routes

    @hookimpl
    def on_schedule(self, schedule: Schedule) -> None:
        self._keep("schedule", [schedule.id, schedule.planned_at.isoformat(), schedule.again])
        self.app.jobs.enqueue("asked by the schedule")

    @hookimpl
    def run_job(self, job: Job) -> None:
        job.progress(10, "begun")
        if job.name == "crash" and not job.again:
            raise ValueError("no luck")
        self._keep(job.name, [job.payload, job.attempt, job.cancelled])

    def _keep(self, key: str, value: Any) -> None:
        self.app.storage.put(key, value)
'''
HOURLY = [{"id": "hourly", "cron": "0 * * * *"}]


def install(core: Core, tenant: Tenant) -> None:
    facts: dict[str, Any] = {"permissions": [], "storage_version": 1, "schedules": HOURLY}
    core.registry.publish(tenant.owner(), zipped(files(CODE, **facts)))
    wish = InstallRequest(extension_id=HELLO, grant="requested", allow_unsigned=True)
    change = core.life_cycle.install(tenant.owner(), wish)
    assert change.installation["isolation"] == "sandboxed"


def kept(core: Core, tenant: Tenant) -> dict[str, Any]:
    with core.works.read(tenant.system()) as unit:
        rows = unit.session.scalars(select(StoredDocument))
        return {row.key: json.loads(row.value) for row in rows}


def test_a_strangers_jobs_run_in_its_host(
    core: Core, tenant: Tenant, confining: None, clock: FixedClock
):
    install(core, tenant)
    client = create_app(core=core).test_client()
    root = f"/api/extensions/{HELLO}/jobs"
    for name in ("count", "crash"):
        asked = {"name": name, "payload": {"of": [1]}}
        assert client.post(root, json=asked, headers=tenant.headers()).status_code == 201
    wrong = client.post(root, json={"name": "", "payload": None}, headers=tenant.headers())
    assert wrong.status_code == 422
    with capture_logs():
        work(core, core.runtime)
        clock.advance(2)
        work(core, core.runtime)

    assert kept(core, tenant) == {
        "installed": [None, 1, False],
        "count": [{"of": [1]}, 1, False],
        "crash": [{"of": [1]}, 2, False],
    }
    assert [(one.state, one.attempts) for one in jobs(core, tenant)] == [
        ("done", 1), ("done", 1), ("done", 2),
    ]  # fmt: skip
    core.runtime.schedules.step()
    clock.advance(3600)
    Schedules(core.works).tick()
    work(core, core.runtime)
    found = kept(core, tenant)
    assert found["schedule"] == ["hourly", "2026-11-21T10:00:00+00:00", False]
    assert found["asked by the schedule"] == [None, 1, False]


def put(played: Played, tenant: Tenant) -> str:
    return played.put(tenant, "run_job", "on_schedule")


def claimed(tenant: Tenant, target: str) -> Claimed:
    return Claimed(
        id="job_1", workspace_id=tenant.id, kind=JOB_KIND, target=target, queue="q",
        payload={"name": "count", "payload": [1]}, event=None, order_key=None, position=None,
        attempt=2, max_attempts=5, seconds=JOB_SECONDS, created_at=START,
    )  # fmt: skip


def test_what_a_host_is_given_and_what_it_says(played: Played, tenant: Tenant):
    given: list[Any] = []

    def play(host: HostSide) -> None:
        given.append(host.arguments())
        host.back("jobs", "progress", percent=40, note="so far")
        given.append(host.back("jobs", "is_cancelled"))
        host.value(None)

    played.plays(play)
    run = Run(60)
    (kind, _) = played.stage.runtime.kinds
    kind.run(claimed(tenant, put(played, tenant)), run)
    facts = {"id": "job_1", "name": "count", "payload": [1], "attempt": 2}
    assert given == [[facts], False]
    assert run.said == (40, "so far")


def test_a_host_is_told_to_stop(played: Played, tenant: Tenant):
    run = Run(60)

    def play(host: HostSide) -> None:
        host.begin()
        run.cancel()
        assert host.back("jobs", "is_cancelled") is True
        with pytest.raises(JobStopped, match="somebody has cancelled it"):
            host.back("jobs", "progress", percent=50, note="")
        host.value(None)

    played.plays(play)
    (kind, _) = played.stage.runtime.kinds
    with pytest.raises(Cancelled):
        kind.run(claimed(tenant, put(played, tenant)), run)


def test_outside_of_a_job_there_is_nothing_to_say(played: Played, tenant: Tenant):
    def play(host: HostSide) -> None:
        host.begin()
        with pytest.raises(Invalid, match="No job runs in this call"):
            host.back("jobs", "progress", percent=50, note="")
        with pytest.raises(Invalid, match="No job runs"):
            host.back("jobs", "is_cancelled")
        host.answer()

    played.plays(play)
    put(played, tenant)
    played.request(tenant, "POST")


RUBBISH = [
    ("enqueue", b"{}"),
    ("enqueue", (b'{"name": 3, "payload": null, "delay_seconds": 0, "unique_key": null, '
                b'"max_attempts": 5}')),
    ("enqueue", (b'{"name": "x", "payload": null, "delay_seconds": 0, "unique_key": null, '
                b'"max_attempts": 5, "kind": "event:extensions"}')),
    ("enqueue", (b'{"name": "x", "payload": null, "delay_seconds": 1e999, "unique_key": null, '
                b'"max_attempts": 5}')),
    ("progress", b'{"percent": "half", "note": ""}'),
    ("is_cancelled", b'{"job": "another"}'),
]  # fmt: skip


@pytest.mark.parametrize(("method", "body"), RUBBISH, ids=range(len(RUBBISH)))
def test_rubbish_ends_the_conversation(played: Played, tenant: Tenant, method: str, body: bytes):
    def play(host: HostSide) -> None:
        host.begin()
        host.send(Back(1, 1, "jobs", method), body)

    played.plays(play)
    put(played, tenant)
    with capture_logs(), pytest.raises(ExtensionFailed) as caught:
        played.request(tenant)
    assert f"wrong arguments for jobs.{method}" in caught.value.reason
    assert jobs(played.stage.core, tenant) == []


@pytest.mark.parametrize(("percent", "shown"), [(10**300, 100), (-5, 0), (0.5, 0)])
def test_odd_numbers_are_cut(played: Played, tenant: Tenant, percent: float, shown: int):
    def play(host: HostSide) -> None:
        host.begin()
        host.back("jobs", "progress", percent=percent, note="x")
        host.value(None)

    played.plays(play)
    run = Run(60)
    (kind, _) = played.stage.runtime.kinds
    kind.run(claimed(tenant, put(played, tenant)), run)
    assert run.said == (shown, "x")


def test_long_work_may_call_back_more_often(
    played: Played, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(conversation, "MOST_BACKS", 3)
    counted: list[int] = []

    def play(host: HostSide) -> None:
        host.begin()
        for number in range(40):
            host.back("jobs", "is_cancelled")
            counted.append(number)

    played.plays(play)
    (kind, _) = played.stage.runtime.kinds
    with capture_logs(), pytest.raises(ExtensionFailed, match="sample") as caught:
        kind.run(claimed(tenant, put(played, tenant)), Run(60))
    assert "calls back in one call" in caught.value.reason
    assert 20 < len(counted) <= 30
