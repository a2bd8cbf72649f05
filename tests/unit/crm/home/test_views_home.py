"""The first page and the search of the palette."""

from datetime import date
from decimal import Decimal

import pytest
from flask import Flask

from geminicrm.app import Core
from geminicrm.crm.home import service, views
from geminicrm.identity.tokens import create_token
from geminicrm.kernel.clock import FixedClock
from tests.support.core import Tenant, make_tenant
from tests.support.crm_pages import Visitor, said, text_of, visitor

WEEK = 7 * 86_400


@pytest.fixture
def olga(app: Flask, tenant: Tenant) -> Visitor:
    return visitor(app, tenant)


def test_a_new_workspace_is_greeted(olga: Visitor):
    page = olga.page("/")
    text = said(page)
    assert "Good morning, Owner" in text
    assert "Open deals None 0 deals" in text
    assert "Overdue for you 0 Nothing is late" in text
    assert "Nothing left for today" in text
    assert "No open deals" in text
    assert 'hx-get="/apps/widgets"' in page


def test_figures_and_lists(core: Core, tenant: Tenant, clock: FixedClock, olga: Visitor):
    owner = tenant.owner()
    mine = {"owner_id": tenant.owner_id}
    clock.advance(-WEEK - 60)
    core.crm.leads.create(owner, {"last_name": "Before"})
    clock.advance(WEEK + 60)
    core.crm.leads.create_many(owner, [{"last_name": "New"}, {"last_name": "Newer"}])
    core.crm.deals.create(
        owner, {"name": "Looms", "amount": "1200", "expected_close_on": "2026-11-30"}
    )
    core.crm.deals.create(owner, {"name": "Cards", "amount": "5000", "currency": "EUR"})
    core.crm.deals.create(owner, {"name": "Open end", "expected_close_on": "2026-11-29"})
    core.crm.deals.create(owner, {"name": "Gone", "amount": "9", "status": "won"})
    core.crm.activities.create(
        owner, {"kind": "task", "subject": "Late", "due_at": "2026-11-20T08:00:00Z", **mine}
    )
    core.crm.activities.create(
        owner, {"kind": "task", "subject": "Today", "due_at": "2026-11-21T20:00:00Z", **mine}
    )
    core.crm.activities.create(
        owner, {"kind": "task", "subject": "Nobodys", "due_at": "2026-11-20T08:00:00Z"}
    )
    core.crm.pipelines.create(owner, {"name": "Partners"})
    text = said(olga.page("/"))
    assert "Open deals €5K and $1.2K, 3 deals" in text
    assert "Closing this month 2 $1.2K" in text
    assert "New leads this week 2 1 more than last week" in text
    assert "Overdue for you 1 Do these first" in text
    day = text.partition("Your day")[2].partition("Recent activity")[0]
    assert day.index("Late") < day.index("Today")
    assert "Nobodys" not in day
    assert "Nobodys" in text.partition("Recent activity")[2]
    assert "Prospecting €5K + $1.2K 3 deals" in text


def test_many_leads_are_not_counted_to_the_end(core: Core, tenant: Tenant, olga: Visitor):
    owner = tenant.owner()
    rows = [{"last_name": f"L{n}"} for n in range(100)]
    core.crm.leads.create_many(owner, rows)
    assert "New leads this week 100 100 more" in said(olga.page("/"))
    core.crm.leads.create(owner, {"last_name": "One more"})
    assert "New leads this week 100+ More than can be compared" in said(olga.page("/"))


def test_fewer_leads_and_as_many(core: Core, tenant: Tenant, clock: FixedClock, olga: Visitor):
    assert "As many as last week" in said(olga.page("/"))
    core.crm.leads.create(tenant.owner(), {"last_name": "Before"})
    clock.advance(WEEK + 1)
    assert "New leads this week 0 1 fewer than last week" in said(olga.page("/"))


def test_what_may_not_be_read_is_left_out(core: Core, app: Flask, tenant: Tenant):
    with core.works.write(tenant.system()) as work:
        token = create_token(work, tenant.owner_id, "companies", ["read:companies"], days=None)
    headers = {"Authorization": f"Bearer {token.secret}"}
    text = said(text_of(app.test_client().get("/", headers=headers)).partition("<main")[2])
    for part in ("Open deals", "New leads", "Overdue", "Your day", "Pipeline", "Recent"):
        assert part not in text


def test_the_palette_finds_records_of_this_workspace(core: Core, tenant: Tenant, olga: Visitor):
    lead = core.crm.leads.create(tenant.owner(), {"name": "Ada Lovelace", "company": "Engines"})
    core.crm.leads.create(make_tenant(core, "south").owner(), {"name": "Ada Hidden"})
    answer = olga.get("/search?q=ada")
    assert answer.json == {
        "data": [
            {
                "title": "Ada Lovelace",
                "subtitle": "Engines",
                "url": f"/leads/{lead['id']}",
                "icon": "user-plus",
            }
        ]
    }
    assert olga.get("/search").json == {"data": []}


@pytest.mark.parametrize(
    ("hour", "words"), [(0, "Good morning"), (12, "Good afternoon"), (18, "Good evening")]
)
def test_greetings(hour: int, words: str):
    assert views.greeting(hour) == words


def test_months_and_worth():
    assert service.month_of(date(2026, 12, 31)) == (date(2026, 12, 1), date(2027, 1, 1))
    worth = views.by_worth({"USD": Decimal(2), "EUR": Decimal(2), "JPY": Decimal(9)})
    assert worth == [("9", "JPY"), ("2", "EUR"), ("2", "USD")]
