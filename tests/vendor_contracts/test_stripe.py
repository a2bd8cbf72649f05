"""Stripe by its own description: every operation is accepted, no fault charges twice."""

from urllib.parse import parse_qs

import pytest

from extensions.sdk.capabilities.calling import operations_of
from extensions.sdk.capabilities.payment_shapes import (
    CheckoutLine,
    CustomerDetails,
    Money,
    NewCheckout,
    NewPayment,
    NewRefund,
)
from extensions.sdk.service_errors import ServiceError
from tests.support.connecting import ask, connect
from tests.support.payment_samples import EUR, KEYED, READING, REPEATABLE
from tests.support.waiting import eventually

KEY = "rk_test_of_north_0123456789"
MANY = 50
ROW = {
    "POST /v1/customers",
    "GET /v1/customers",
    "GET /v1/customers/{customer}",
    "POST /v1/customers/{customer}",
    "DELETE /v1/customers/{customer}",
    "GET /v1/customers/{customer}/payment_methods",
    "POST /v1/payment_methods/{payment_method}/attach",
    "POST /v1/payment_methods/{payment_method}/detach",
    "POST /v1/payment_intents",
    "GET /v1/payment_intents/{intent}",
    "POST /v1/payment_intents/{intent}/confirm",
    "POST /v1/payment_intents/{intent}/capture",
    "POST /v1/payment_intents/{intent}/cancel",
    "POST /v1/checkout/sessions",
    "GET /v1/checkout/sessions/{session}",
    "POST /v1/checkout/sessions/{session}/expire",
    "POST /v1/prices",
    "POST /v1/subscriptions",
    "GET /v1/subscriptions",
    "GET /v1/subscriptions/{subscription_exposed_id}",
    "POST /v1/subscriptions/{subscription_exposed_id}",
    "DELETE /v1/subscriptions/{subscription_exposed_id}",
    "POST /v1/refunds",
    "GET /v1/refunds",
    "GET /v1/events/{id}",
    "GET /v1/balance",
}


@pytest.fixture
def stripe(open_built_in):
    return open_built_in("stripe")


@pytest.fixture
def connected(stripe, vendors):
    """Give what connects once more: what failed on one connection is no matter of the next."""
    return lambda: connect(stripe, api_key=KEY, base_url=vendors.base_url("stripe"))


@pytest.fixture
def via(connected):
    return connected()


def failure_of(stripe, via, operation, **given):
    with pytest.raises(ServiceError) as caught:
        ask(stripe, "payments", operation, via=via, **given)
    return type(caught.value).__name__, caught.value.accepted


def test_every_operation_of_the_contract_has_a_sample():
    assert {*READING, *KEYED, *REPEATABLE} == set(operations_of("payments"))


@pytest.mark.parametrize("way", ["in-process", "sandboxed"])
def test_every_operation_is_what_stripe_describes(stripe, via, vendors):
    account = ask(stripe, "connection", "test_connection", via=via)
    for operation, given in {**READING, **REPEATABLE}.items():
        ask(stripe, "payments", operation, via=via, **given)
    for operation, given in KEYED.items():
        ask(stripe, "payments", operation, via=via, **given, idempotency_key=f"{operation}-1")
    ending = {"subscription_id": "sub_1", "at_period_end": True}
    ask(stripe, "payments", "cancel_subscription", via=via, **ending)
    log = vendors.log("stripe")
    assert [(one["path"], one["errors"]) for one in log if one["verdict"] != "accepted"] == []
    assert vendors.exercised("stripe") == ROW
    assert {one["headers"]["stripe-version"] for one in log} == {"2023-08-16"}
    keys = [one["headers"]["idempotency-key"] for one in log if "idempotency-key" in one["headers"]]
    assert sorted(keys) == sorted(f"{operation}-1" for operation in KEYED)
    assert account.label == "Stripe"


def test_a_checkout_may_begin_a_subscription(stripe, via, vendors):
    lines = (
        CheckoutLine(price_id="price_1"),
        CheckoutLine(name="Support", money=EUR, every="month"),
    )
    new = NewCheckout(
        lines=lines,
        success_url="https://crm.example/paid",
        subscribe=True,
        customer_id="cus_1",
        metadata={"deal": "7"},
    )
    ask(stripe, "payments", "create_checkout", via=via, new=new, idempotency_key="k1")
    (call,) = vendors.log("stripe")
    assert (call["verdict"], call["errors"]) == ("accepted", [])
    assert parse_qs(call["body"])["subscription_data[metadata][deal]"] == ["7"]


def test_lists_are_read_to_their_end(stripe, via, vendors):
    pages = [
        {"object": "list", "url": "/v1/customers", "has_more": more, "data": data}
        for more, data in (
            (True, [{"id": f"cus_{at}"} for at in range(100)]),
            (True, [{"id": f"cus_{at}"} for at in range(100, 200)]),
            (False, [{"id": "cus_200"}]),
        )
    ]
    vendors.prepare("stripe", *pages)
    found = ask(stripe, "payments", "find_customers", via=via, email="ana@example.com")
    assert [one.id for one in found] == [f"cus_{at}" for at in range(201)]
    asked = [parse_qs(one["query"]) for one in vendors.log("stripe")]
    assert [one.get("starting_after") for one in asked] == [None, ["cus_99"], ["cus_199"]]
    assert {tuple(one["email"]) for one in asked} == {("ana@example.com",)}


@pytest.mark.parametrize("way", ["in-process", "sandboxed"])
def test_faults_end_in_typed_errors_and_never_in_a_second_charge(stripe, connected, vendors):
    pay = {"new": NewPayment(money=EUR), "idempotency_key": "deal-7-1"}
    faults = {
        "too many": {"status": 429, "headers": {"Retry-After": "0"}},
        "down": {"status": 500},
        "busy": {"status": 409},
        "no JSON": {"status": 200, "body": "<html>"},
        "other JSON": {"status": 200, "body": {"object": "list"}},
        "dropped": {"drop": True},
    }
    found = {}
    for name, fault in faults.items():
        vendors.fault("stripe", times=MANY, **fault)
        found[name] = failure_of(stripe, connected(), "create_payment", **pay)
        log = vendors.log("stripe")
        assert {one["headers"]["idempotency-key"] for one in log} == {"deal-7-1"}
        vendors.forget()
    assert found == {
        "too many": ("RateLimited", "no"),
        "down": ("ServiceUnavailable", "unknown"),
        "busy": ("ServiceUnavailable", "unknown"),
        "no JSON": ("ServiceUnavailable", "unknown"),
        "other JSON": ("ServiceUnavailable", "unknown"),
        "dropped": ("ServiceUnavailable", "unknown"),
    }
    ask(stripe, "payments", "create_payment", via=connected(), **pay)
    (again,) = vendors.log("stripe")
    assert (again["verdict"], again["headers"]["idempotency-key"]) == ("accepted", "deal-7-1")


def test_a_hang_is_given_up_and_asked_again_with_the_same_key(stripe, via, vendors, monkeypatch):
    monkeypatch.setattr("geminicrm.runtime.http_request.LONGEST_SECONDS", 0.2)
    pay = {"new": NewPayment(money=EUR), "idempotency_key": "deal-7-1"}
    vendors.fault("stripe", delay_s=1, times=MANY)
    assert failure_of(stripe, via, "create_payment", **pay) == ("ServiceUnavailable", "unknown")
    log = eventually(lambda: vendors.log("stripe"))
    assert {one["verdict"] for one in log} == {"accepted"}
    assert {one["headers"]["idempotency-key"] for one in log} == {"deal-7-1"}


def test_what_stripe_refuses_is_not_asked_again(stripe, connected, vendors):
    pay = {"new": NewPayment(money=EUR), "idempotency_key": "deal-7-1"}
    card = {"type": "card_error", "code": "card_declined", "decline_code": "insufficient_funds"}
    changed = {"type": "idempotency_error", "message": "Keys for idempotent requests"}
    faults = {
        "declined": {"status": 402, "body": {"error": card}},
        "other values": {"status": 400, "body": {"error": changed}},
        "no right": {"status": 403},
        "not there": {"status": 404},
        "key refused": {"status": 401},
    }
    found = {}
    for name, fault in faults.items():
        vendors.fault("stripe", times=MANY, **fault)
        found[name] = failure_of(stripe, connected(), "create_payment", **pay)
        assert len(vendors.log("stripe")) == 1
        vendors.forget()
    assert found == {
        "declined": ("ServiceRefused", "no"),
        "other values": ("ServiceRefused", "unknown"),
        "no right": ("AccessDenied", "no"),
        "not there": ("ServiceNotFound", "no"),
        "key refused": ("AuthenticationError", "no"),
    }


def test_a_key_that_was_taken_back_needs_another(stripe, via, vendors):
    vendors.fault("stripe", status=401, revoke=True)
    first = failure_of(stripe, via, "get_payment", payment_id="pi_1")
    second = failure_of(stripe, via, "get_payment", payment_id="pi_1")
    assert first == second == ("AuthenticationError", "no")


def test_reading_again_after_a_lost_answer_harms_nobody(stripe, via, vendors):
    vendors.fault("stripe", drop=True, times=MANY)
    assert failure_of(stripe, via, "get_payment", payment_id="pi_1") == ("ServiceUnavailable", "no")


def test_amounts_reach_stripe_in_its_own_units(stripe, via, vendors):
    sent = {("JPY", 500): "500", ("KWD", 1230): "1230", ("ISK", 5): "500", ("MGA", 700): "7"}
    for (currency, amount), expected in sent.items():
        new = NewPayment(money=Money(amount=amount, currency=currency))
        made = ask(stripe, "payments", "create_payment", via=via, new=new, idempotency_key=currency)
        body = parse_qs(vendors.log("stripe")[-1]["body"])
        assert (body["amount"], body["currency"]) == ([expected], [currency.lower()])
        assert made.money == Money(amount=amount, currency=currency)
    assert {one["verdict"] for one in vendors.log("stripe")} == {"accepted"}


def test_an_amount_that_stripe_can_not_move_is_never_sent(stripe, via, vendors):
    new = NewPayment(money=Money(amount=1234, currency="KWD"))
    given = {"new": new, "idempotency_key": "k1"}
    assert failure_of(stripe, via, "create_payment", **given) == ("ServiceRefused", "no")
    assert vendors.log("stripe") == []


def test_a_payment_is_given_back_in_parts(stripe, via, vendors):
    for part, amount in enumerate((500, 1499)):
        new = NewRefund(payment_id="pi_1", money=Money(amount=amount, currency="EUR"))
        ask(stripe, "payments", "create_refund", via=via, new=new, idempotency_key=f"part-{part}")
    log = vendors.log("stripe")
    assert [parse_qs(one["body"])["amount"] for one in log] == [["500"], ["1499"]]
    assert [one["headers"]["idempotency-key"] for one in log] == ["part-0", "part-1"]


def test_an_empty_text_empties_a_value_and_none_leaves_it(stripe, via, vendors):
    details = CustomerDetails(phone="")
    given = {"customer_id": "cus_1", "details": details, "idempotency_key": "k1"}
    ask(stripe, "payments", "update_customer", via=via, **given)
    (call,) = vendors.log("stripe")
    assert parse_qs(call["body"], keep_blank_values=True) == {"phone": [""]}
