"""lead-scoring on a real core: badges, panel, widget, gate, button and event."""

import pytest
from sqlalchemy import select

from extensions.lead_scoring.extension import LeadScoring
from extensions.sdk.blocks import validate_blocks
from extensions.sdk.errors import QuotaExceeded
from extensions.sdk.events import EVENTS_AT_ONCE
from extensions.sdk.records import RecordChange
from geminicrm.crm.shared.commands import ChangeRefused
from geminicrm.kernel.errors import NotFound
from geminicrm.kernel.jobs.schedules import Schedules
from geminicrm.kernel.outbox import OutboxEvent
from geminicrm.runtime.models import StoredDocument
from geminicrm.runtime.storage_door import ExtensionStorage
from tests.support.core import csrf, sign_in
from tests.support.working import Hands

HOT = {
    "first_name": "Grace",
    "last_name": "Hopper",
    "email": "grace@acme.example",
    "phone": "1",
    "company": "Acme",
    "title": "CEO",
    "amount": "25000",
    "currency": "EUR",
    "source": "referral",
}


@pytest.fixture
def scoring(built_in):
    return built_in("lead-scoring")


@pytest.fixture
def owner(tenant):
    return tenant.owner()


def _panel(core, owner, lead):
    [panel] = core.runtime.hooks.panels(owner, "lead", core.crm.leads.get(owner, lead["id"]))
    assert panel.error is None
    return panel.blocks


def test_leads_wear_their_score(scoring, core, owner):
    hot = core.crm.leads.create(owner, HOT)
    cold = core.crm.leads.create(owner, {"last_name": "Somebody"})
    badges = core.runtime.hooks.badges(owner, "lead", [hot, cold])
    shown = {lead: (badge["text"], badge["tone"]) for lead, [badge] in badges.items()}
    assert shown == {hot["id"]: ("Hot 100", "danger"), cold["id"]: ("Cold 0", "neutral")}


def test_other_records_and_workspaces_that_want_none_have_no_badges(scoring, core, owner):
    lead = core.crm.leads.create(owner, HOT)
    assert core.runtime.hooks.badges(owner, "deal", [{"id": "deal_1"}]) == {}
    scoring.configure(show_badges=False)
    assert core.runtime.hooks.badges(owner, "lead", [lead]) == {}


def test_the_panel_explains_every_point(scoring, core, owner):
    lead = core.crm.leads.create(owner, {**HOT, "title": "Office Manager"})
    stat, fields, button = _panel(core, owner, lead)
    assert (stat["value"], stat["hint"]) == (87, "Hot")
    entries = {entry["label"]: entry["value"] for entry in fields["entries"]}
    assert entries["Somebody who decides"] == "12 of 25 (Office Manager)"
    assert entries["E-mail address"] == "10 of 10"
    assert button["text"] == "Set status to qualified"


def test_a_qualified_lead_has_no_button(scoring, core, owner):
    lead = core.crm.leads.create(owner, {**HOT, "status": "qualified"})
    assert [block["type"] for block in _panel(core, owner, lead)] == ["stat", "fields"]


def test_a_changed_rule_holds_at_once(scoring, core, owner):
    lead = core.crm.leads.create(owner, HOT)
    scoring.configure(points_company=-40)
    assert _panel(core, owner, lead)[0]["value"] == 50


def test_the_widget_lists_the_hottest_open_leads_with_links(scoring, core, owner):
    cold = core.crm.leads.create(owner, {"company": "Cold & Co"})
    hot = core.crm.leads.create(owner, HOT)
    core.crm.leads.create(owner, {**HOT, "status": "unqualified"})
    mail = core.crm.leads.create(owner, {"email": "x@acme.example"})
    [panel] = core.runtime.hooks.widgets(owner)
    [table] = panel.blocks
    links = [(row[0]["text"], row[0]["href"], row[2]) for row in table["rows"]]
    assert links == [
        ("Grace Hopper", f"/leads/{hot['id']}", 100),
        ("x@acme.example", f"/leads/{mail['id']}", 25),
        ("Cold & Co", f"/leads/{cold['id']}", 10),
    ]
    assert validate_blocks([table]) == [table]


def test_the_widget_says_so_where_there_are_no_leads(scoring, core, owner):
    [panel] = core.runtime.hooks.widgets(owner)
    assert panel.blocks[0]["text"] == "There are no open leads yet."


def test_leads_from_blocked_domains_are_refused(scoring, core, owner):
    scoring.configure(blocked_domains="spam.example")
    with pytest.raises(ChangeRefused, match=r"mail\.spam\.example") as refused:
        core.crm.leads.create(owner, {"email": "a@mail.spam.example"})
    assert refused.value.findings[0].pointer == "/email"
    lead = core.crm.leads.create(owner, {"email": "a@good.example"})
    with pytest.raises(ChangeRefused):
        core.crm.leads.update(owner, lead["id"], {"email": "a@spam.example"})


def test_a_lead_that_was_there_before_its_domain_was_blocked_can_be_changed(scoring, core, owner):
    lead = core.crm.leads.create(owner, {"email": "a@spam.example"})
    scoring.configure(blocked_domains="spam.example")
    core.crm.leads.update(owner, lead["id"], {"phone": "1", "email": "b@spam.example"})
    assert core.crm.leads.get(owner, lead["id"])["phone"] == "1"


def test_other_records_pass_the_gate(scoring, core, owner):
    scoring.configure(blocked_domains="spam.example")
    core.crm.contacts.create(owner, {"last_name": "A", "email": "a@spam.example"})
    draft = {"email": "a@spam.example"}
    change = RecordChange(record_type="contact", action="create", before=None, draft=draft)
    assert LeadScoring(None).before_record_save(change) is None


def test_the_button_qualifies_the_lead(scoring, core, tenant, owner, client):
    lead = core.crm.leads.create(owner, HOT)
    sign_in(client, tenant)
    place = f"panel=score&record_type=lead&record_id={lead['id']}"
    form = {"action": "qualify", "csrf_token": csrf(client, "/account")}
    answer = client.post(f"/apps/lead-scoring/actions?{place}", data=form)
    assert (answer.status_code, answer.location) == (303, f"/leads/{lead['id']}")
    assert core.crm.leads.get(owner, lead["id"])["status"] == "qualified"


@pytest.mark.parametrize(
    ("action", "record"),
    [("other", ("lead", "lead_1")), ("qualify", None), ("qualify", ("deal", "deal_1"))],
)
def test_it_knows_no_other_action(scoring, core, owner, action, record):
    with pytest.raises(NotFound, match="no action"):
        core.runtime.hooks.perform_action(owner, "lead-scoring", action, {}, record)


def announced(core, owner, lead):
    with core.works.read(owner) as work:
        query = select(OutboxEvent).where(OutboxEvent.type == "lead_scoring.score_changed")
        found = work.session.scalars(query.order_by(OutboxEvent.id)).all()
    assert {row.object_id for row in found} <= {lead["id"]}
    return [(row.data["before"], row.data["name"], row.data["score"]) for row in found]


def test_a_lead_that_becomes_hot_or_cold_is_announced_once(scoring, core, owner):
    lead = core.crm.leads.create(owner, {"last_name": "Hopper"})
    scoring.relay()
    assert announced(core, owner, lead) == []
    core.crm.leads.update(owner, lead["id"], HOT)
    core.crm.leads.update(owner, lead["id"], {"tags": ["seen"]})
    scoring.relay()
    assert announced(core, owner, lead) == [("Cold", "Hot", 100)]
    core.crm.leads.update(owner, lead["id"], dict.fromkeys(HOT) | {"last_name": "Hopper"})
    scoring.relay()
    assert announced(core, owner, lead)[1:] == [("Hot", "Cold", 0)]


def test_what_was_announced_of_a_lead_is_forgotten_with_it(scoring, core, owner):
    lead = core.crm.leads.create(owner, HOT)
    scoring.relay()
    kept = StoredDocument.key.startswith("announced/")
    with core.works.read(owner) as work:
        assert work.session.scalar(select(StoredDocument.value).where(kept)) == '"Hot"'
    core.crm.leads.delete(owner, lead["id"])
    scoring.relay()
    with core.works.read(owner) as work:
        assert work.session.scalar(select(StoredDocument.value).where(kept)) is None


def due(core, clock, seconds):
    """Let time pass, and a worker do what is due then."""
    core.runtime.schedules.step()
    clock.advance(seconds)
    ticking = Schedules(core.works)
    hands = Hands(core, kinds=core.runtime.kinds)
    while ticking.tick():
        continue
    hands.work()
    hands.close()


NIGHT = 24 * 60 * 60


def test_at_night_a_changed_rule_is_announced(scoring, core, owner, clock):
    lead = core.crm.leads.create(owner, HOT)
    scoring.relay()
    scoring.configure(points_company=-90)
    due(core, clock, NIGHT)
    assert announced(core, owner, lead)[1:] == [("Hot", "Cold", 0)]
    due(core, clock, NIGHT)
    assert len(announced(core, owner, lead)) == 2


def test_more_than_may_be_announced_at_once_goes_on_later(scoring, core, owner, clock):
    for number in range(EVENTS_AT_ONCE + 5):
        core.crm.leads.create(owner, {**HOT, "last_name": f"Hopper {number}"})
    due(core, clock, NIGHT)
    assert count(core, owner) == EVENTS_AT_ONCE
    due(core, clock, 10)
    assert count(core, owner) == EVENTS_AT_ONCE + 5


def count(core, owner):
    with core.works.read(owner) as work:
        query = select(OutboxEvent.id).where(OutboxEvent.type == "lead_scoring.score_changed")
        return len(work.session.scalars(query).all())


def test_a_full_storage_does_not_keep_it_from_announcing(scoring, core, owner, monkeypatch):
    def full(*_given, **_named):
        raise QuotaExceeded("10,000 documents")

    monkeypatch.setattr(ExtensionStorage, "put", full)
    lead = core.crm.leads.create(owner, HOT)
    scoring.relay()
    assert announced(core, owner, lead) == [("Cold", "Hot", 100)]


def test_it_has_no_routes_and_leaves_nothing(scoring, core, tenant, owner, client):
    answer = client.get("/api/extensions/lead-scoring/x", headers=tenant.headers())
    assert answer.status_code == 404
    assert core.life_cycle.uninstall(owner, "lead-scoring").warning is None
