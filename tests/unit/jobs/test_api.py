"""/api/jobs, as programs meet it."""

from typing import Any

import pytest
from flask import Flask

from geminicrm.app import Core, create_app
from geminicrm.identity.permissions import OPERATOR_SCOPES, ROLES
from geminicrm.identity.tokens import create_token
from tests.support.core import Tenant
from tests.support.jobs import OWN_JOB, job_of, put, put_dead


@pytest.fixture
def app(core: Core) -> Flask:
    """Give the application on each engine."""
    return create_app(core=core)


def call(
    app: Flask, tenant: Tenant, method: str, path: str, status: int = 200, **options: Any
) -> Any:
    headers = options.pop("headers", tenant.headers())
    answer = app.test_client().open(path, method=method, headers=headers, **options)
    assert answer.status_code == status, answer.text
    return answer.json


def headers_of(core: Core, tenant: Tenant, *scopes: str) -> dict[str, str]:
    with core.works.write(tenant.system()) as work:
        token = create_token(work, tenant.owner_id, "test", frozenset(scopes), days=None)
    return {"Authorization": f"Bearer {token.secret}"}


def test_lists_have_pages(app: Flask, core: Core, tenant: Tenant):
    jobs = put(core, tenant.id, 3)
    first = app.test_client().get("/api/jobs?state=queued&limit=2", headers=tenant.headers())
    assert [one["id"] for one in first.json["data"]] == jobs[:2]
    address = first.headers["Link"].partition(">")[0].lstrip("<")
    assert address.startswith("/api/jobs?state=queued&limit=2&cursor=")
    assert [one["id"] for one in call(app, tenant, "GET", address)["data"]] == jobs[2:]


def test_a_job_from_its_failure_to_its_retry(app: Flask, core: Core, tenant: Tenant):
    (job,) = put_dead(core, tenant.id, result=None)
    shown = call(app, tenant, "GET", f"/api/jobs/{job}")
    assert (shown["state"], shown["last_error"]) == ("dead", "ConnectionError: nobody home")
    assert call(app, tenant, "POST", f"/api/jobs/{job}/retry")["state"] == "queued"
    assert call(app, tenant, "POST", f"/api/jobs/{job}/cancel")["state"] == "cancelled"
    said = call(app, tenant, "POST", f"/api/jobs/{job}/cancel", 409)
    assert said["code"] == "conflict"
    assert call(app, tenant, "GET", "/api/jobs/job_none", 404)["code"] == "not_found"


def test_retry_of_all(app: Flask, core: Core, tenant: Tenant):
    jobs = put_dead(core, tenant.id, 2)
    body = {"kind": OWN_JOB, "target": "ins_mill"}
    said = call(app, tenant, "POST", "/api/jobs/retry", json=body)
    assert said == {"retried": 2, "refused": 0, "left": False}
    assert {job_of(core, one).state for one in jobs} == {"queued"}


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, ["/kind", "/target"]),
        ({"kind": "x", "target": 7}, ["/target"]),
        ({"kind": "x", "target": "y", "state": "done"}, ["/state"]),
    ],
)
def test_a_wrong_wish(app: Flask, tenant: Tenant, body: dict[str, Any], pointers: list[str]):
    said = call(app, tenant, "POST", "/api/jobs/retry", 422, json=body)
    assert [one["pointer"] for one in said["errors"]] == pointers


def test_the_summary(app: Flask, core: Core, tenant: Tenant):
    put(core, tenant.id, 2)
    found = call(app, tenant, "GET", "/api/jobs/summary")
    assert (found["states"]["queued"], found["oldest_seconds"]) == (2, 0)
    assert [one["target"] for one in found["targets"]] == ["ins_mill"]
    assert found["workers"] is None, "a token of the role alone operates nothing"


def test_the_jobs_of_the_crm_itself(app: Flask, core: Core, tenant: Tenant):
    (own,) = put(core, "", target="")
    refused = call(app, tenant, "GET", "/api/jobs?of=instance", 403)
    assert refused["scope"] == "operate:instance"
    held = {"headers": headers_of(core, tenant, *ROLES["owner"], *OPERATOR_SCOPES)}
    (listed,) = call(app, tenant, "GET", "/api/jobs?of=instance", **held)["data"]
    assert listed["id"] == own
    cancelled = call(app, tenant, "POST", f"/api/jobs/{own}/cancel?of=instance", **held)
    assert cancelled["state"] == "cancelled"
    assert call(app, tenant, "GET", "/api/jobs/summary", **held)["workers"] == []
    wrong = call(app, tenant, "GET", "/api/jobs?of=everybody", 422, **held)
    assert wrong["errors"][0]["pointer"] == "/of"


def test_who_may_not_is_told_which_permission_is_missing(app: Flask, core: Core, tenant: Tenant):
    held = headers_of(core, tenant, "read:extensions")
    for path in ("/api/jobs", "/api/jobs/summary", "/api/jobs/job_1"):
        said = call(app, tenant, "GET", path, 403, headers=held)
        assert said["scope"] == "manage:extensions"
    body = {"kind": OWN_JOB, "target": "ins_mill"}
    call(app, tenant, "POST", "/api/jobs/retry", 403, headers=held, json=body)
