"""What comes round, for those who look after it."""

from typing import Any

import pytest
from sqlalchemy import update

from geminicrm.app import Core, create_app
from geminicrm.identity.actor import PersonActor
from geminicrm.kernel.errors import ScopeMissing
from geminicrm.kernel.jobs.models import SCHEDULES
from geminicrm.kernel.jobs.schedules import Wanted, keep_schedules
from tests.support.core import START, Tenant
from tests.support.crm_pages import said
from tests.support.life_app import Browser

KIND = "extension.schedule"


def wanted(name: str, cron: str) -> Wanted:
    return Wanted(name=name, cron=cron, zone="Europe/Berlin", seconds=60, description="Rescores.")


def keep(core: Core, workspace_id: str, *schedules: Wanted, **changes: Any) -> None:
    """Have schedules for a target; `changes` are made to all of them."""
    with core.works.across_workspaces("schedules for a test", write=True) as work:
        keep_schedules(work, workspace_id, KIND, "ins_mill", schedules)
        if changes:
            work.session.execute(update(SCHEDULES).values(**changes))


def test_what_is_due_next_comes_first(
    core: Core, tenant: Tenant, south: Tenant, admin: PersonActor
):
    keep(core, tenant.id, wanted("nightly", "0 3 * * *"), wanted("hourly", "0 * * * *"))
    keep(core, south.id, wanted("theirs", "0 * * * *"))
    found = core.jobs.schedules(admin)
    assert [one["name"] for one in found] == ["hourly", "nightly"]
    assert found[0]["next_at"] == "2026-11-21T10:00:00.000000Z"
    assert (found[0]["last_at"], found[0]["failures"], found[0]["target_name"]) == (None, 0, None)
    with pytest.raises(ScopeMissing):
        core.jobs.schedules(tenant.owner("read:extensions"))


def test_the_page(core: Core, tenant: Tenant):
    browser = Browser(create_app(core=core).test_client(), tenant)
    assert "Nothing comes round" in browser.get("/jobs/schedules")
    keep(core, tenant.id, wanted("nightly", "0 3 * * *"))
    assert "Not yet run" in said(browser.get("/jobs/schedules"))
    keep(core, tenant.id, wanted("nightly", "0 3 * * *"), last_at=START, last_job_id="job_7")
    page = browser.get("/jobs/schedules")
    assert 'href="/jobs/job_7"' in page
    assert "0 3 * * * Europe/Berlin" in said(page)
    keep(core, tenant.id, wanted("nightly", "0 3 * * *"), failures=3)
    assert "Failed 3 times" in said(browser.get("/jobs/schedules"))
    keep(core, tenant.id, wanted("nightly", "0 3 * * *"), enabled=False)
    assert "Off" in said(browser.get("/jobs/schedules"))


def test_programs_get_them_too(core: Core, tenant: Tenant):
    keep(core, tenant.id, wanted("nightly", "0 3 * * *"))
    client = create_app(core=core).test_client()
    (one,) = client.get("/api/jobs/schedules", headers=tenant.headers()).json["data"]
    assert (one["cron"], one["zone"], one["enabled"]) == ("0 3 * * *", "Europe/Berlin", True)
