"""Payments over REST and on the pages, without and with a provider."""

from dataclasses import replace

import pytest
from flask import Flask

from extensions.sdk.capabilities.payment_shapes import Money
from geminicrm.app import create_app
from tests.support.core import csrf, sign_in
from tests.support.paying import PRICED

PAID = {"paid": True, "status": "complete", "payment_id": "pi_1", "url": ""}


@pytest.fixture
def app(desk) -> Flask:
    return create_app(core=replace(desk.core, payments=desk.payments))


@pytest.fixture
def api(client, tenant):
    def call(method, path, **more):
        return client.open(f"/api/payments{path}", method=method, headers=tenant.headers(), **more)

    return call


@pytest.fixture
def post(client, tenant):
    sign_in(client, tenant)

    def post(path, **form):
        return client.post(path, data={"csrf_token": csrf(client, "/account"), **form})

    post.client = client
    return post


@pytest.fixture
def lead(desk):
    desk.payments.leads.targets = lambda _event: ()  # here people ask, not events
    return desk.lead(**PRICED)


@pytest.fixture
def body(lead):
    return {"related_type": "lead", "related_id": lead}


def test_what_is_left_out_comes_from_the_record(api, body):
    made = api("POST", "", json=body)
    assert made.status_code == 201
    told = {name: made.json[name] for name in ("state", "amount", "currency", "description")}
    assert told == {
        "state": "asking",
        "amount": "12.50",
        "currency": "EUR",
        "description": "Ada Lovelace",
    }
    assert (made.json["payer_email"], made.json["payer_name"]) == (
        "ada@example.com",
        "Ada Lovelace",
    )


def test_a_deal_asks_its_contact(api, desk, tenant):
    crm = desk.core.crm
    contact = crm.contacts.create(tenant.owner(), {"last_name": "Hopper", "email": "g@example.com"})
    deal = crm.deals.create(
        tenant.owner(),
        {"name": "Engine", "amount": "500", "currency": "JPY", "contact_id": contact["id"]},
    )
    made = api("POST", "", json={"related_type": "deal", "related_id": deal["id"]}).json
    assert (made["amount"], made["currency"], made["payer_email"]) == (
        "500",
        "JPY",
        "g@example.com",
    )


def test_payments_are_listed_read_checked_canceled_and_asked_again(api, desk, body):
    first = api("POST", "", json=body).json["id"]
    second = api("POST", "", json={**body, "amount": "3", "send_mail": False}).json["id"]
    desk.hands.work()
    assert [one["id"] for one in api("GET", "?state=open").json["data"]] == [second, first]
    page = api("GET", f"?limit=1&related_id={body['related_id']}").json
    rest = api("GET", f"?limit=1&cursor={page['next_cursor']}").json
    assert [one["id"] for one in page["data"] + rest["data"]] == [second, first]
    desk.paying.answers = [PAID]
    assert api("POST", f"/{first}/check").json["state"] == "paid"
    assert api("POST", f"/{second}/cancel").json["state"] == "canceled"
    assert api("POST", f"/{second}/ask-again").json["state"] == "asking"
    assert api("GET", f"/{second}").json["amount"] == "3.00"


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"related_type": "company"}, 422),
        ({"related_id": "lead_unknown"}, 404),
        ({"amount": "1.234"}, 422),
        ({"amount": 1.5}, 422),
        ({"currency": "XXX"}, 422),
        ({"colour": "red"}, 422),
    ],
)
def test_what_is_wrong_is_told(api, body, changes, status):
    assert api("POST", "", json={**body, **changes}).status_code == status


def test_an_amount_is_needed(api, desk):
    answer = api("POST", "", json={"related_type": "lead", "related_id": desk.lead()})
    assert [one["pointer"] for one in answer.json["errors"]] == ["/amount"]


def test_an_unknown_payment_or_state_is_told(api):
    assert api("GET", "/pay_1").status_code == 404
    assert api("GET", "?state=lost").status_code == 422


def test_a_payment_is_asked_for_on_the_page_of_a_lead(client, post, desk, lead):
    form = client.get(f"/payments/new?related_type=lead&related_id={lead}").get_data(as_text=True)
    assert 'value="12.50"' in form
    related = {"related_type": "lead", "related_id": lead}
    given = {**related, "amount": "7", "currency": "JPY", "description": "Visit", "email": "",
             "name": ""}  # fmt: skip
    wrong = post("/payments", **{**given, "amount": "7.5"})
    assert wrong.status_code == 422
    assert "JPY has 0 decimals" in wrong.get_data(as_text=True)
    answer = post("/payments", **given)
    assert (answer.status_code, answer.location) == (303, f"/leads/{lead}")
    desk.hands.work()
    card = client.get(f"/payments/card/lead/{lead}").get_data(as_text=True)
    assert "¥7" in card
    assert "data-copy" in card


@pytest.mark.parametrize(
    ("given", "money", "shown"),
    [
        ("500", Money(amount=500, currency="JPY"), "¥500"),
        ("1.234", Money(amount=1234, currency="KWD"), "KWD\u00a01.234"),
        ("1.5", Money(amount=150, currency="EUR"), "€1.50"),
    ],
)
def test_amounts_have_the_decimals_of_their_currency(post, desk, lead, given, money, shown):
    asked = {"related_type": "lead", "related_id": lead, "amount": given, "description": "x"}
    made = post("/payments", **asked, currency=money.currency, email="", name="")
    assert made.status_code == 303
    desk.hands.work()
    ((_via, new, _key),) = desk.paying.made
    assert new.lines[0].money == money
    desk.paying.answers = [{**PAID, "total": money}]
    payment_id = desk.all()[0]["id"]
    post(f"/payments/{payment_id}/check")
    desk.change(payment_id, refunded_minor=money.amount)
    for page in ("/payments", f"/payments/card/lead/{lead}"):
        text = post.client.get(page).get_data(as_text=True)
        assert shown in text
        assert "All of it was given back." in text
    assert desk.notes() == [f"Paid: {shown} for x"]


def test_what_was_paid_otherwise_is_accepted_on_the_page(client, post, api, desk, body):
    payment_id = api("POST", "", json=body).json["id"]
    desk.hands.work()
    desk.paying.answers = [{**PAID, "total": Money(amount=1000, currency="EUR")}]
    post(f"/payments/{payment_id}/check")
    card = f"/payments/card/lead/{body['related_id']}"
    text = client.get(card).get_data(as_text=True)
    assert "€12.50 was asked for, and €10.00 was paid." in text
    assert api("POST", f"/{payment_id}/accept").json["paid"] == {
        "amount": "10.00",
        "currency": "EUR",
    }
    assert post(f"/payments/{payment_id}/accept").status_code == 409
    assert "was paid, and accepted as it is" in client.get(card).get_data(as_text=True)


def test_what_is_done_on_a_page_leads_back_to_it(post, desk, api, body):
    payment_id = api("POST", "", json=body).json["id"]
    desk.hands.work()
    back = f"/leads/{body['related_id']}"
    deeds = ("check", "cancel", "ask-again")
    answers = [post(f"/payments/{payment_id}/{deed}", next=back) for deed in deeds]
    assert {(one.status_code, one.location) for one in answers} == {(303, back)}
    assert post(f"/payments/{payment_id}/cancel", next="//evil.example").location == "/"


def test_the_switch_for_new_leads(client, post):
    assert "is asked to pay" in client.get("/payments").get_data(as_text=True)
    assert post("/payments/switch", on="false").status_code == 303
    assert "New leads are not asked to pay" in client.get("/payments").get_data(as_text=True)


def test_payers_come_back_to_pages_without_a_sign_in(client):
    assert "Thank you" in client.get("/payments/thanks").get_data(as_text=True)
    assert "Nothing was paid" in client.get("/payments/not-paid").get_data(as_text=True)


def test_there_is_no_card_beside_other_records(client, post):
    assert client.get("/payments/card/company/company_1").status_code == 404
    assert client.get("/payments/new?related_type=company&related_id=company_1").status_code == 404
