"""The pages of leads, which stand for those of all records: list, record, form, delete."""

import pytest
from flask import Flask

from geminicrm.app import Core
from tests.support.core import Tenant, make_tenant
from tests.support.crm_pages import Labels, Refusal, Visitor, reader, said, text_of, visitor

HOSTILE = '<script>alert("x")</script>'


@pytest.fixture
def olga(app: Flask, tenant: Tenant) -> Visitor:
    return visitor(app, tenant)


def test_the_list_tells_how_many_there_are(core: Core, tenant: Tenant, olga: Visitor):
    core.crm.leads.create(tenant.owner(), {"name": "Ada Lovelace", "company": "Engines"})
    text = said(olga.page("/leads"))
    assert "1 lead " in text
    assert "Ada Lovelace" in text
    assert "New lead" in text


def test_an_empty_list_says_what_to_do(olga: Visitor):
    text = said(olga.page("/leads"))
    assert "No leads yet" in text
    assert "Browse the marketplace" in text


def test_a_search_is_answered_with_the_rows_only(core: Core, tenant: Tenant, olga: Visitor):
    core.crm.leads.create(tenant.owner(), {"name": "Ada Lovelace", "status": "qualified"})
    core.crm.leads.create(tenant.owner(), {"name": "Grace Hopper"})
    answer = olga.get("/leads?q=ada&status=qualified&owner_id=", HX_Target="results")
    text = text_of(answer)
    assert "<html" not in text
    assert "Ada Lovelace" in text
    assert "Grace Hopper" not in text
    assert answer.headers["HX-Push-Url"] == "/leads?q=ada&status=qualified"
    assert answer.headers["Vary"].startswith("HX-Target")


def test_a_search_without_result_offers_to_clear_it(olga: Visitor):
    text = said(olga.page("/leads?q=nobody"))
    assert "Nothing found" in text
    assert "Clear filters" in text


def test_filters_by_owner_know_me_and_nobody(core: Core, tenant: Tenant, olga: Visitor):
    core.crm.leads.create(tenant.owner(), {"name": "Mine Own", "owner_id": tenant.owner_id})
    core.crm.leads.create(tenant.owner(), {"name": "Nobodys Lead"})
    assert "Nobodys" not in olga.page("/leads?owner_id=me")
    assert "Mine Own" not in olga.page("/leads?owner_id=none")


def test_orders_turn_around(core: Core, tenant: Tenant, olga: Visitor):
    for name in ("Ada", "Zoe"):
        core.crm.leads.create(tenant.owner(), {"last_name": name})
    rising = olga.page("/leads?sort=name")
    assert rising.index(">Ada<") < rising.index(">Zoe<")
    assert 'aria-sort="ascending"' in rising
    assert "/leads?sort=-name" in rising
    falling = olga.page("/leads?sort=-name")
    assert falling.index(">Zoe<") < falling.index(">Ada<")
    assert "/leads?sort=name" in falling
    assert "sort=created_at" in olga.page("/leads")


def test_pages_follow_each_other(core: Core, tenant: Tenant, olga: Visitor):
    core.crm.leads.create_many(tenant.owner(), [{"last_name": f"L{n}"} for n in range(51)])
    first = olga.page("/leads")
    assert "51 leads" in said(first)
    following = first.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0]
    second = olga.page(following.replace("&amp;", "&"))
    assert "Back to the first page" in second
    assert second.count("data-row>") == 1


@pytest.mark.parametrize("query", ["status=mad", "sort=mad", "cursor=mad"])
def test_a_wrong_address_is_told_so(olga: Visitor, query: str):
    assert olga.get(f"/leads?{query}").status_code == 422


def test_badges_of_extensions_stand_beside_the_name(core: Core, tenant: Tenant, olga: Visitor):
    core.crm.leads.hooks = Labels()
    lead = core.crm.leads.create(tenant.owner(), {"last_name": "Ada"})
    assert "Hot lead" in olga.page("/leads")
    assert "From lead-scorer" in olga.page(f"/leads/{lead['id']}")


def test_hostile_names_stay_text(core: Core, tenant: Tenant, olga: Visitor):
    lead = core.crm.leads.create(
        tenant.owner(),
        {"last_name": HOSTILE, "company": HOSTILE, "tags": [HOSTILE], "custom": {HOSTILE: HOSTILE}},
    )
    here = f"/leads/{lead['id']}"
    for path in ("/leads", here, f"{here}/edit", f"{here}/delete", f"{here}/convert"):
        page = olga.page(path)
        assert HOSTILE not in page
        assert "&lt;script&gt;alert" in page


def test_a_record_shows_its_fields_and_loads_panels(core: Core, tenant: Tenant, olga: Visitor):
    lead = core.crm.leads.create(
        tenant.owner(),
        {
            "name": "Ada Lovelace",
            "email": "ada@example.com",
            "phone": "+44 20 1",
            "amount": "12.5",
            "currency": "EUR",
            "owner_id": tenant.owner_id,
            "tags": ["vip"],
            "custom": {"Region": "North"},
        },
    )
    page = olga.page(f"/leads/{lead['id']}")
    text = said(page)
    for part in ("€12.50", "ada@example.com", "vip", "Region", "North", "Owner", "Convert"):
        assert part in text
    assert f'hx-get="/apps/panels/lead/{lead["id"]}"' in page
    assert 'href="tel:+44201"' in page


def test_an_owner_who_left_is_named_as_such(core: Core, tenant: Tenant, olga: Visitor):
    lead = core.crm.leads.create(tenant.owner(), {"last_name": "Ada", "owner_id": tenant.owner_id})
    other = make_tenant(core, "south")
    with core.works.write(tenant.system()) as work:
        row = work.get(core.crm.leads.spec.model, lead["id"])
        row.owner_id = other.owner_id
    assert "Former member" in olga.page(f"/leads/{lead['id']}")


def test_a_record_of_another_workspace_is_not_there(core: Core, olga: Visitor):
    other = make_tenant(core, "south")
    lead = core.crm.leads.create(other.owner(), {"last_name": "Hidden"})
    here = f"/leads/{lead['id']}"
    for path in (here, f"{here}/edit", f"{here}/delete", f"{here}/convert"):
        assert olga.get(path).status_code == 404
    for path in (f"{here}/edit", f"{here}/delete", f"{here}/convert", f"{here}/activities"):
        assert olga.post(path, subject="x").status_code == 404


def test_a_new_lead_is_created_and_shown(core: Core, tenant: Tenant, olga: Visitor):
    answer = olga.post(
        "/leads/new",
        first_name=" Ada ",
        last_name="Lovelace",
        status="new",
        amount="1,250.50",
        currency="EUR",
        tags="vip, fair ,,",
        owner_id=tenant.owner_id,
    )
    assert answer.status_code == 303
    lead = core.crm.leads.list(tenant.owner()).data[0]
    assert answer.headers["Location"] == f"/leads/{lead['id']}"
    assert (lead["first_name"], lead["amount"], lead["tags"]) == ("Ada", "1250.50", ["vip", "fair"])
    assert "Ada Lovelace is created." in said(olga.page(answer.headers["Location"]))


def test_the_form_is_filled_from_the_address(tenant: Tenant, olga: Visitor):
    page = olga.page("/leads/new?company=Engines")
    assert 'value="Engines"' in page
    assert f'value="{tenant.owner_id}" selected' in page


def test_every_wrong_field_is_named_and_values_are_kept(core: Core, tenant: Tenant, olga: Visitor):
    answer = olga.post(
        "/leads/new", last_name="Kept", email="nonsense", amount="a lot", status="mad", tags="x"
    )
    page = text_of(answer, 422)
    text = said(page)
    assert "Please check these fields" in text
    assert "Email: Write an e-mail address such as ada@example.com." in text
    assert "Status: Use one of" in text
    assert 'href="#field-email"' in page
    assert 'value="Kept"' in page
    assert 'value="nonsense"' in page
    assert core.crm.leads.list(tenant.owner()).data == []


def test_an_amount_that_is_none_is_named(olga: Visitor):
    page = text_of(olga.post("/leads/new", last_name="Ada", amount="a lot", currency="EUR"), 422)
    assert "Amount: Write a plain number such as 1250.50." in said(page)


def test_a_lead_needs_something_to_be_known_by(olga: Visitor):
    text = said(text_of(olga.post("/leads/new", last_name="  "), 422))
    assert "Last name: Give at least one of last_name, company, email." in text


def test_an_extension_that_refuses_is_named(core: Core, olga: Visitor):
    core.crm.leads.hooks = Refusal()
    text = said(text_of(olga.post("/leads/new", last_name="Ada"), 422))
    assert "data-guard: This looks like a duplicate." in text


def test_an_edit_is_saved(core: Core, tenant: Tenant, olga: Visitor):
    lead = core.crm.leads.create(tenant.owner(), {"last_name": "Ada", "tags": ["a", "b"]})
    here = f"/leads/{lead['id']}"
    page = olga.page(f"{here}/edit")
    assert 'name="version" value="1"' in page
    assert 'value="a, b"' in page
    answer = olga.post(f"{here}/edit", version="1", last_name="Byron", next="/leads?q=b")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/leads?q=b")
    assert core.crm.leads.get(tenant.owner(), lead["id"])["last_name"] == "Byron"


def test_a_wrong_edit_keeps_the_version_it_came_from(core: Core, tenant: Tenant, olga: Visitor):
    lead = core.crm.leads.create(tenant.owner(), {"last_name": "Ada"})
    page = text_of(olga.post(f"/leads/{lead['id']}/edit", version="1", email="nonsense"), 422)
    assert 'name="version" value="1"' in page
    assert 'value="nonsense"' in page


def test_a_lost_update_is_shown_and_not_made(core: Core, tenant: Tenant, olga: Visitor):
    owner = tenant.owner()
    lead = core.crm.leads.create(owner, {"last_name": "Ada", "company": "Old"})
    here = f"/leads/{lead['id']}/edit"
    core.crm.leads.update(owner, lead["id"], {"company": "Theirs", "status": "contacted"})
    sent = {"last_name": "Ada", "company": "Ours", "status": "new"}
    page = text_of(olga.post(here, version="1", **sent), 412)
    text = said(page)
    assert "Somebody else changed this lead while you were editing" in text
    assert "Company Theirs Ours" in text
    assert "Status Contacted New" in text
    assert core.crm.leads.get(owner, lead["id"])["company"] == "Theirs"
    assert olga.post(here, version="2", **sent).status_code == 303
    assert core.crm.leads.get(owner, lead["id"])["company"] == "Ours"


@pytest.mark.parametrize("version", ["x", "-1", "²"])
def test_a_version_that_is_none_matches_nothing(
    core: Core, tenant: Tenant, olga: Visitor, version: str
):
    lead = core.crm.leads.create(tenant.owner(), {"last_name": "Ada"})
    answer = olga.post(f"/leads/{lead['id']}/edit", version=version, last_name="Byron")
    assert answer.status_code == 412


def test_a_lead_is_deleted_after_a_question(core: Core, tenant: Tenant, olga: Visitor):
    lead = core.crm.leads.create(tenant.owner(), {"last_name": "Ada"})
    here = f"/leads/{lead['id']}"
    assert "Delete Ada?" in said(olga.page(f"{here}/delete"))
    answer = olga.post(f"{here}/delete", version="1")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/leads")
    assert "Ada is deleted." in said(olga.page("/leads"))
    assert olga.get(here).status_code == 404


def test_a_form_needs_the_token(olga: Visitor):
    assert olga.client.post("/leads/new", data={"last_name": "Ada"}).status_code == 403


def test_strangers_are_sent_to_sign_in(app: Flask):
    answer = app.test_client().get("/leads?q=a")
    assert answer.headers["Location"] == "/sign-in?next=/leads%3Fq%3Da"


def test_who_may_only_read_sees_no_actions(core: Core, app: Flask, tenant: Tenant):
    lead = core.crm.leads.create(tenant.owner(), {"last_name": "Ada"})
    core.crm.activities.create(
        tenant.owner(),
        {"subject": "Ring", "kind": "call", "related_type": "lead", "related_id": lead["id"]},
    )
    rita = reader(core, app, tenant)
    here = f"/leads/{lead['id']}"
    for page in (rita.page("/leads"), rita.page(here)):
        main = page.partition("<main")[2].partition("</main>")[0]
        for action in ("/leads/new", "/edit", "/convert", "delete", "/activities"):
            assert f'{action}"' not in main
    for path in ("/leads/new", f"{here}/edit", f"{here}/delete", f"{here}/convert"):
        assert rita.get(path).status_code == 403
        assert rita.post(path, last_name="x").status_code == 403
    assert rita.post(f"{here}/activities", subject="x").status_code == 403
