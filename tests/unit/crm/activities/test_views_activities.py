"""The pages of activities: groups by when they are due, ticks, the composer of records."""

import pytest
from flask import Flask

from geminicrm.app import Core
from geminicrm.identity.models import Workspace
from tests.support.core import Tenant, make_tenant
from tests.support.crm_pages import Visitor, reader, said, text_of, visitor


@pytest.fixture
def olga(app: Flask, tenant: Tenant) -> Visitor:
    return visitor(app, tenant)


def test_activities_stand_in_groups(core: Core, tenant: Tenant, olga: Visitor):
    owner = tenant.owner()
    lead = core.crm.leads.create(owner, {"last_name": "Ada"})
    related = {"related_type": "lead", "related_id": lead["id"]}
    dues = {
        "Late": "2026-11-21T08:00:00Z",
        "Soon": "2026-11-21T18:00:00Z",
        "Later": "2026-11-22T01:00:00Z",
        "Someday": None,
    }
    for subject, due in dues.items():
        core.crm.activities.create(
            owner, {"kind": "task", "subject": subject, "due_at": due, **related}
        )
    core.crm.activities.create(
        owner, {"kind": "task", "subject": "Past", "done_at": "2026-11-20T08:00:00Z"}
    )
    page = olga.page("/activities")
    text = said(page)
    assert "4 activities" in text
    assert text.index("Overdue 1") < text.index("Today 1") < text.index("Upcoming 1")
    assert text.index("Upcoming 1") < text.index("No date 1")
    assert "Past" not in text
    assert f'href="/leads/{lead["id"]}"' in page
    assert "Past" in said(olga.page("/activities?done=true"))


def test_the_day_is_the_one_of_the_workspace(core: Core, tenant: Tenant, olga: Visitor):
    with core.works.across_workspaces("set a zone for a test", write=True) as work:
        work.session.get_one(Workspace, tenant.id).time_zone = "Pacific/Auckland"
    due = {"kind": "task", "subject": "Ring", "due_at": "2026-11-21T10:59:00Z"}
    core.crm.activities.create(tenant.owner(), due)
    core.crm.activities.create(tenant.owner(), {**due, "due_at": "2026-11-21T11:01:00Z"})
    text = said(olga.page("/activities"))
    assert "Today 1" in text
    assert "Upcoming 1" in text


def test_an_empty_list_and_an_empty_search(olga: Visitor):
    assert "Nothing planned" in said(olga.page("/activities"))
    answer = olga.get("/activities?kind=call&q=x", HX_Target="results")
    assert "Nothing found" in text_of(answer)
    assert answer.headers["HX-Push-Url"] == "/activities?q=x&kind=call"


def test_a_list_of_one_record(core: Core, tenant: Tenant, olga: Visitor):
    owner = tenant.owner()
    lead = core.crm.leads.create(owner, {"last_name": "Ada"})
    related = {"related_type": "lead", "related_id": lead["id"]}
    core.crm.activities.create(owner, {"kind": "task", "subject": "Hers", **related})
    core.crm.activities.create(owner, {"kind": "task", "subject": "Other"})
    page = olga.page(f"/activities?related_id={lead['id']}")
    assert "Hers" in page
    assert ">Other<" not in page


def test_long_lists_go_on(core: Core, tenant: Tenant, olga: Visitor):
    core.crm.activities.create_many(
        tenant.owner(), [{"kind": "task", "subject": f"T{n}"} for n in range(51)]
    )
    page = olga.page("/activities")
    following = page.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0]
    assert "Back to the first page" in olga.page(following.replace("&amp;", "&"))


def test_a_tick_without_scripts_goes_back(core: Core, tenant: Tenant, olga: Visitor):
    owner = tenant.owner()
    task = core.crm.activities.create(owner, {"kind": "task", "subject": "Ring"})
    here = f"/activities/{task['id']}/done"
    answer = olga.post(here, version="1", done="true", next="/")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert core.crm.activities.get(owner, task["id"])["done_at"] == "2026-11-21T09:00:00.000000Z"
    assert olga.post(here, version="2", done="false", next="//evil").headers["Location"] == "/"
    assert core.crm.activities.get(owner, task["id"])["done_at"] is None


def test_a_tick_by_script_can_be_undone(core: Core, tenant: Tenant, olga: Visitor):
    task = core.crm.activities.create(tenant.owner(), {"kind": "task", "subject": "Ring"})
    here = f"/activities/{task['id']}/done"
    ticked = text_of(olga.ask(here, {"HX-Request": "true"}, version="1", done="true"))
    assert "Undo" in ticked
    assert 'aria-checked="true"' in ticked
    again = text_of(olga.ask(here, {"HX-Request": "true"}, version="2", done="false"))
    assert "Undo" not in again
    assert olga.ask(here, {"HX-Request": "true"}, version="1", done="true").status_code == 412


def test_an_activity_has_a_page(core: Core, tenant: Tenant, olga: Visitor):
    owner = tenant.owner()
    company = core.crm.companies.create(owner, {"name": "Engines"})
    call = core.crm.activities.create(
        owner,
        {
            "kind": "call",
            "subject": "Ring",
            "body": "About\nlooms",
            "due_at": "2026-11-22T10:00:00Z",
            "related_type": "company",
            "related_id": company["id"],
        },
    )
    text = said(olga.page(f"/activities/{call['id']}"))
    for part in ("Ring", "Call", "Engines", "22 Nov 2026, 10:00", "About looms"):
        assert part in text
    core.crm.activities.update(owner, call["id"], {"done_at": "2026-11-21T10:00:00Z", "body": None})
    text = said(olga.page(f"/activities/{call['id']}"))
    assert "Not done" in text
    assert "Nothing is written here." in text


def test_times_are_those_of_the_workspace(core: Core, tenant: Tenant, olga: Visitor):
    with core.works.across_workspaces("set a zone for a test", write=True) as work:
        work.session.get_one(Workspace, tenant.id).time_zone = "Europe/Berlin"
    owner = tenant.owner()
    answer = olga.post("/activities/new", kind="task", subject="Ring", due_at="2026-11-22T10:00")
    task = core.crm.activities.list(owner).data[0]
    assert task["due_at"] == "2026-11-22T09:00:00.000000Z"
    assert 'value="2026-11-22T10:00"' in olga.page(f"{answer.headers['Location']}/edit")
    wrong = olga.post("/activities/new", kind="task", subject="Ring", due_at="tomorrow")
    assert "Due: Write an instant" in said(text_of(wrong, 422))


def test_a_new_activity_can_belong_to_a_record(core: Core, tenant: Tenant, olga: Visitor):
    owner = tenant.owner()
    lead = core.crm.leads.create(owner, {"last_name": "Ada"})
    related = {"related_type": "lead", "related_id": lead["id"]}
    page = olga.page(f"/activities/new?related_type=lead&related_id={lead['id']}")
    assert f'type="hidden" name="related_id" value="{lead["id"]}"' in page
    assert olga.post("/activities/new", kind="call", subject="Ring", **related).status_code == 303
    assert core.crm.activities.list(owner).data[0]["related_id"] == lead["id"]


@pytest.mark.parametrize(
    ("sent", "due", "done"),
    [
        ({"kind": "note"}, None, "2026-11-21T09:00:00"),
        ({"kind": "task"}, None, None),
        ({"kind": "task", "due_at": "2026-11-20T10:00"}, "2026-11-20T10:00:00", None),
        ({"kind": "call", "due_at": "2026-11-20T10:00"}, "2026-11-20T10:00:00",
         "2026-11-20T10:00:00"),
        ({"kind": "meeting", "due_at": "2026-11-25T10:00"}, "2026-11-25T10:00:00", None),
    ],
)  # fmt: skip
def test_the_composer_knows_what_has_happened(
    core: Core, tenant: Tenant, olga: Visitor, sent, due, done
):
    owner = tenant.owner()
    lead = core.crm.leads.create(owner, {"last_name": "Ada"})
    answer = olga.post(f"/leads/{lead['id']}/activities", subject="Ring", body="a\r\nb", **sent)
    assert answer.headers["Location"] == f"/leads/{lead['id']}#timeline"
    made = core.crm.activities.list(owner).data[0]
    assert (made["due_at"] or "").partition(".")[0] == (due or "")
    assert (made["done_at"] or "").partition(".")[0] == (done or "")
    assert (made["body"], made["related_id"]) == ("a\nb", lead["id"])
    assert made["owner_id"] == tenant.owner_id
    assert "Ring" in olga.page(f"/leads/{lead['id']}")


def test_a_wrong_activity_is_told_in_the_composer(core: Core, tenant: Tenant, olga: Visitor):
    lead = core.crm.leads.create(tenant.owner(), {"last_name": "Ada"})
    answer = olga.post(
        f"/leads/{lead['id']}/activities", kind="call", subject=" ", body="Kept", due_at="soon"
    )
    page = text_of(answer, 422)
    assert "Subject: This field is needed." in said(page)
    assert "When: Write an instant" in said(page)
    assert ">Kept</textarea>" in page


def test_a_long_history_leads_to_the_list(core: Core, tenant: Tenant, olga: Visitor):
    owner = tenant.owner()
    lead = core.crm.leads.create(owner, {"last_name": "Ada"})
    related = {"related_type": "lead", "related_id": lead["id"]}
    rows = [
        {"kind": "task", "subject": f"T{n}", "owner_id": tenant.owner_id, **related}
        for n in range(31)
    ]
    core.crm.activities.create_many(owner, rows)
    assert "All activities" in olga.page(f"/leads/{lead['id']}").partition("<main")[2]


def test_a_reader_ticks_nothing(core: Core, app: Flask, tenant: Tenant):
    task = core.crm.activities.create(tenant.owner(), {"kind": "task", "subject": "Ring"})
    rita = reader(core, app, tenant)
    assert 'role="checkbox"' not in rita.page("/activities")
    assert "New activity" not in said(rita.page("/activities"))
    assert rita.post(f"/activities/{task['id']}/done", done="true").status_code == 403


def test_activities_of_others_are_not_there(core: Core, olga: Visitor):
    other = make_tenant(core, "south").owner()
    task = core.crm.activities.create(other, {"kind": "task", "subject": "Hidden"})
    assert olga.get(f"/activities/{task['id']}").status_code == 404
    assert olga.post(f"/activities/{task['id']}/done", done="true").status_code == 404
    assert "Hidden" not in olga.page("/activities")
