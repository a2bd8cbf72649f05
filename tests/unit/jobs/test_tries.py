"""The attempts of a job that failed, at each door; which process it was is for operators."""

from flask import Flask

from geminicrm.app import Core
from geminicrm.identity.actor import PersonActor
from tests.support.core import Tenant
from tests.support.jobs import put, put_dead
from tests.support.life_app import Browser

TRY = {
    "at": "2026-11-21T08:59:30.250000Z",
    "seconds": 1.25,
    "worker": {"host": "mill-7", "pid": 4711},
    "error": "ConnectionError: nobody <b>home</b>",
}


def test_the_service_names_the_worker_to_operators_alone(
    core: Core, tenant: Tenant, admin: PersonActor, operator: PersonActor
):
    (job,) = put_dead(core, tenant.id, tries=[TRY, {**TRY, "error": "again"}])
    assert core.jobs.get(operator, job)["tries"] == [TRY, {**TRY, "error": "again"}]
    assert core.jobs.get(admin, job)["tries"][0] == {**TRY, "worker": None}
    (fresh,) = put(core, tenant.id)
    assert core.jobs.get(admin, fresh)["tries"] == []


def test_the_page_shows_them_with_the_last_first(app: Flask, core: Core, tenant: Tenant):
    (job,) = put_dead(core, tenant.id, tries=[TRY, {**TRY, "error": "it jammed"}])
    page = Browser(app.test_client(), tenant).get(f"/jobs/{job}")
    assert page.index("it jammed") < page.index("nobody &lt;b&gt;home")
    assert "1.2 s" in page
    assert "mill-7" in page, "the first owner operates the installation"


def test_one_that_waits_for_an_earlier_one_says_so(app: Flask, core: Core, tenant: Tenant):
    (job,) = put(core, tenant.id, held=True)
    assert "After an earlier one of the same record" in Browser(app.test_client(), tenant).get(
        f"/jobs/{job}"
    )
