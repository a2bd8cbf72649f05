"""Units of work that keep nothing, on both engines."""

import pytest

from geminicrm.app import Core
from geminicrm.crm.build import Crm, build
from geminicrm.kernel.dry_works import DryWorks
from geminicrm.kernel.errors import Conflict, NotFound, PreconditionFailed
from geminicrm.runtime.hooks import ExtensionHooks
from tests.support.core import Tenant, make_tenant
from tests.support.replaying import every_row


@pytest.fixture
def place(both_cores: Core) -> tuple[Core, Tenant]:
    """Give a core with a workspace."""
    return both_cores, make_tenant(both_cores, "north")


def dry(core: Core) -> tuple[DryWorks, Crm]:
    works = DryWorks(core.works)
    hooks: ExtensionHooks = core.runtime.hooks
    return works, build(works, hooks, lambda _work, _user: True)


def test_each_unit_sees_those_before_it_and_nothing_is_kept(place: tuple[Core, Tenant]):
    core, tenant = place
    owner = tenant.owner()
    lead = core.crm.leads.create(owner, {"last_name": "Lovelace"})
    before = every_row(core)
    _, crm = dry(core)
    contact = crm.contacts.create(owner, {"last_name": "Hopper"})
    deal = crm.deals.create(owner, {"name": "Engines", "contact_id": contact["id"]})
    changed = crm.leads.update(owner, lead["id"], {"first_name": "Ada"}, lead["version"])
    again = crm.leads.update(owner, lead["id"], {"last_name": "King"}, changed["version"])
    crm.contacts.delete(owner, core.crm.contacts.create(owner, {"last_name": "Other"})["id"])

    assert crm.deals.get(owner, deal["id"])["contact_id"] == contact["id"]
    assert crm.leads.get(owner, lead["id"]) == again
    assert (again["first_name"], again["last_name"], again["version"]) == ("Ada", "King", 3)
    with pytest.raises(NotFound):
        core.crm.deals.get(owner, deal["id"])
    assert core.crm.leads.get(owner, lead["id"]) == lead
    with core.works.read(owner):
        after = every_row(core)
    assert {name for name in after if after[name] != before[name]} == {
        "contacts",  # the one that was really made
        "events",
        "audit_log",
    }


def test_what_fails_leaves_no_trace_for_those_after_it(place: tuple[Core, Tenant]):
    core, tenant = place
    owner = tenant.owner()
    _, crm = dry(core)
    lead = crm.leads.create(owner, {"last_name": "Lovelace"})
    with pytest.raises((PreconditionFailed, Conflict)):
        crm.leads.update(owner, lead["id"], {"last_name": "King"}, 7)
    assert crm.leads.get(owner, lead["id"]) == lead


def test_what_waits_for_a_commit_does_not_run(place: tuple[Core, Tenant]):
    core, tenant = place
    works, _ = dry(core)
    ran: list[str] = []
    with works.write(tenant.owner()) as work:
        work.after_commit(lambda: ran.append("after the commit"))
        work.wake_workers()
    with works.across_workspaces("a look") as work:
        assert work.workspace_id == ""
    with works.across_workspaces("a change", write=True) as work:
        assert work.workspace_id == ""
    assert ran == []
