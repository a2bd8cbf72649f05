"""New leads with an amount are asked to pay: once, and only those that should be."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from extensions.sdk.service_errors import ServiceRefused, ServiceUnavailable
from geminicrm.kernel.outbox import OutboxEvent
from geminicrm.payments.choices import switch
from tests.support.paying import PRICED


def created(desk):
    with desk.core.works.read(desk.tenant.system()) as work:
        return work.session.scalar(select(OutboxEvent).where(OutboxEvent.type == "lead.created"))


def texts(desk):
    return [mail.text for mail in desk.mails()]


def test_one_mail_has_thanks_and_the_link(both_desks):
    desk = both_desks
    lead_id = desk.lead(**PRICED)
    desk.hands.work()
    (payment,) = desk.all(related_id=lead_id)
    assert (payment["state"], payment["amount"], payment["automatic"]) == ("open", "12.50", True)
    (mail,) = desk.mails()
    assert mail.subject == "Thank you for your interest in North"
    assert payment["url"] in mail.text
    assert mail.recipients["to"] == [{"email": "ada@example.com", "name": "Ada Lovelace"}]


def test_an_event_that_comes_again_asks_nobody_again(both_desks):
    desk = both_desks
    desk.lead(**PRICED)
    desk.hands.work()
    event = created(desk).stored()
    desk.payments.leads.deliver("leads", event, 2)
    desk.hands.work()
    assert len(desk.all()) == len(desk.mails()) == len(desk.paying.made) == 1


def test_the_delivery_itself_asks_nobody_outside(desk):
    desk.lead(**PRICED)
    desk.payments.leads.deliver("leads", created(desk).stored(), 1)
    assert desk.paying.made == []
    assert [one["state"] for one in desk.all()] == ["asking"]


def test_the_link_follows_where_the_provider_is_down_at_first(desk, clock):
    desk.paying.answers = [ServiceUnavailable("down"), ServiceUnavailable("down")]
    desk.lead(**PRICED)
    desk.hands.work()
    assert "The link to pay follows" in texts(desk)[0]
    clock.advance(3600)
    desk.hands.work()
    assert len(texts(desk)) == 1
    clock.advance(3600)
    desk.hands.work()
    (payment,) = desk.all()
    assert len(texts(desk)) == 2
    assert payment["url"] in texts(desk)[1]
    assert desk.mails()[1].subject == "Payment link from North"


def test_a_lead_is_thanked_where_no_link_can_be_made(desk):
    desk.paying.answers = [ServiceRefused("no such currency")]
    desk.lead(**PRICED)
    desk.hands.work()
    assert [one["state"] for one in desk.all()] == ["failed"]
    assert ["We will get back to you" in text for text in texts(desk)] == [True]


def test_without_a_mail_account_the_link_stands_on_the_record(desk):
    desk.accounts.clear()
    desk.lead(**PRICED)
    desk.hands.work()
    assert [one["state"] for one in desk.all()] == ["open"]
    assert desk.mails() == []


@pytest.mark.parametrize(
    "fields",
    [{}, {"amount": "0", "currency": "EUR"}, {**PRICED, "email": None}],
)
def test_a_lead_without_amount_or_address_is_not_asked(desk, fields):
    desk.lead(**fields)
    desk.hands.work()
    assert desk.all() == []


def test_without_a_provider_a_new_lead_costs_nothing(desk):
    desk.paying.connected = []
    desk.lead(**PRICED)
    assert desk.payments.leads.targets(created(desk).stored()) == ()


@pytest.mark.parametrize("kind", ["system", "extension"])
def test_what_the_system_and_extensions_bring_in_is_not_asked(desk, kind):
    desk.core.crm.leads.create(replace(desk.tenant.owner(), kind=kind), PRICED)
    desk.hands.work()
    assert desk.all() == []


def test_what_a_person_imports_is_not_asked(desk):
    items = [{**PRICED, "email": f"p{at}@x.example"} for at in range(20)]
    desk.core.crm.leads.create_many(desk.tenant.owner().importing(), items)
    desk.hands.work()
    assert (desk.all(), desk.mails()) == ([], [])


def test_a_program_with_a_token_is_somebody(desk, client):
    answer = client.post("/api/leads", json=PRICED, headers=desk.tenant.headers())
    assert answer.status_code == 201
    desk.hands.work()
    assert [one["related_id"] for one in desk.all()] == [answer.json["id"]]


def test_a_lead_that_is_gone_is_not_asked(desk):
    lead_id = desk.lead(**PRICED)
    desk.core.crm.leads.delete(desk.tenant.owner(), lead_id)
    desk.hands.work()
    assert desk.all() == []


def test_a_workspace_may_switch_it_off_and_on(desk):
    for on in (False, True):
        with desk.core.works.write(desk.tenant.owner()) as work:
            switch(work, on=on)
        desk.lead(**PRICED)
        desk.hands.work()
    assert len(desk.all()) == 1
