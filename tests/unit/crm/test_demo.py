from datetime import timedelta
from typing import Any

import pytest

from geminicrm.crm import demo
from geminicrm.crm.build import Crm
from geminicrm.crm.shared.listing import ListQuery
from geminicrm.kernel.clock import format_instant, parse_instant
from geminicrm.kernel.work import Actor, Works
from tests.support.core import START, Tenant
from tests.unit.crm.conftest import Stored, settle


@pytest.fixture
def counts(works: Works, me: Actor, owner: Tenant) -> dict[str, int]:
    """Load the demo into the first workspace; say how much there is."""
    with works.write(me) as work:
        return demo.load(work, owner.owner_id)


def everything(crm: Crm, actor: Actor, kind: str) -> list[Any]:
    door = crm.records[kind]
    page = door.list(actor, ListQuery(limit=100))
    records = list(page.data)
    while page.next_cursor:
        page = door.list(actor, ListQuery(limit=100, cursor=page.next_cursor))
        records.extend(page.data)
    return records


def test_there_is_a_company_s_worth_of_records(crm: Crm, me: Actor, counts: dict[str, int]):
    assert counts == {
        "companies": 40,
        "contacts": 120,
        "leads": 90,
        "deals": 70,
        "activities": 200,
    }
    found = {door.spec.noun: len(everything(crm, me, kind)) for kind, door in crm.records.items()}
    assert found == counts


def test_it_is_history_and_not_news(stored: Stored, me: Actor, counts: dict[str, int]):
    assert stored.types(me) == []
    assert stored.audit(me, me.workspace_id)[-1] == ("demo.loaded", counts)


@pytest.mark.usefixtures("counts")
def test_the_stories_fit(crm: Crm, me: Actor):
    contacts = {contact["id"]: contact for contact in everything(crm, me, "contact")}
    companies = {company["id"]: company for company in everything(crm, me, "company")}
    now = format_instant(START)
    for deal in everything(crm, me, "deal"):
        contact = contacts[deal["contact_id"]]
        assert contact["company_id"] == deal["company_id"]
        assert contact["created_at"] <= deal["created_at"] <= now
        assert (deal["status"] == "open") == (deal["closed_at"] is None)
        assert deal["name"].startswith(companies[deal["company_id"]]["name"])
    for contact in contacts.values():
        company = companies[contact["company_id"]]
        assert contact["email"].endswith("@" + company["domain"])
        assert company["created_at"] <= contact["created_at"]


@pytest.mark.usefixtures("counts")
def test_the_newest_come_first(crm: Crm, me: Actor):
    for kind in crm.records:
        made = [record["created_at"] for record in everything(crm, me, kind)]
        assert made == sorted(made, reverse=True)


@pytest.mark.usefixtures("counts")
def test_there_is_work_to_do(crm: Crm, me: Actor):
    activities = everything(crm, me, "activity")
    due = [parse_instant(each["due_at"]) for each in activities if each["due_at"]]
    assert any(instant < START for instant in due)
    assert any(instant > START + timedelta(days=1) for instant in due)
    statuses = {deal["status"] for deal in everything(crm, me, "deal")}
    assert statuses == {"open", "won", "lost"}


@pytest.mark.usefixtures("counts")
def test_the_same_seed_tells_the_same_story(works: Works, crm: Crm, me: Actor):
    twin = settle(works, "twin")
    with works.write(twin.owner()) as work:
        demo.load(work, twin.owner_id)
    mine = [deal["name"] for deal in everything(crm, me, "deal")]
    assert [deal["name"] for deal in everything(crm, twin.owner(), "deal")] == mine
