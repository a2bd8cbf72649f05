"""The contract `payments`, held against every provider."""

import pytest

from extensions.sdk.capabilities.payment_shapes import Money, NewPayment, NewRefund, PaymentEvent
from extensions.sdk.service_errors import (
    AuthenticationError,
    RateLimited,
    ServiceError,
    ServiceRefused,
)
from tests.support.connecting import connect
from tests.support.payment_samples import EUR, KEYED, READING, REPEATABLE
from tests.support.vendor_worlds import VendorWorld

PROVIDERS = ["stripe_world"]


@pytest.fixture
def stripe_world(open_built_in, vendors):
    made = open_built_in("stripe")
    key = "rk_test_of_north_0123456789"
    via = connect(made, api_key=key, base_url=vendors.base_url("stripe"), webhook_secret="whsec_1")
    return VendorWorld(made, via, vendors, "payments")


@pytest.fixture(params=PROVIDERS)
def payments(request):
    """Give each provider of `payments` in its world."""
    return request.getfixturevalue(request.param)


def failure_of(payments, operation, **given):
    with pytest.raises(ServiceError) as caught:
        payments.ask(operation, **given)
    return caught.value


def test_every_operation_answers_in_the_classes_of_the_contract(payments):
    found = {name: payments.ask(name, **given) for name, given in READING.items()}
    for name, given in KEYED.items():
        found[name] = payments.ask(name, **given, idempotency_key=f"{name}-1")
    for name, given in REPEATABLE.items():
        payments.ask(name, **given)
    assert isinstance(found["get_event"], PaymentEvent)
    assert {name for name, one in found.items() if one is None} == set()


def test_amounts_come_back_as_they_were_asked(payments):
    amounts = {"EUR": 1999, "JPY": 500, "KWD": 1230}
    asked = [Money(amount=amount, currency=currency) for currency, amount in amounts.items()]
    paid = [
        payments.ask("create_payment", new=NewPayment(money=one), idempotency_key=one.currency)
        for one in asked
    ]
    assert [one.money for one in paid] == asked


def test_a_lost_answer_is_asked_again_with_the_same_key_and_of_nobody_else(payments):
    for operation in ("create_payment", "create_refund"):
        given = {**KEYED[operation], "idempotency_key": operation}
        payments.lose_answers()
        assert failure_of(payments, operation, **given).accepted == "unknown"
        assert set(payments.keys()) == {operation}
        payments.be_well()
        payments.ask(operation, **given)
        assert payments.keys() == [operation]
        payments.be_well()


def test_reading_is_never_unknown(payments):
    payments.lose_answers()
    assert failure_of(payments, "get_payment", payment_id="pi_1").accepted == "no"


def test_what_is_wrong_is_refused_before_anything_leaves(payments):
    wrong = [
        ("create_payment", {"new": NewPayment(money=Money(amount=0, currency="EUR"))}),
        ("create_payment", {"new": NewPayment(money=Money(amount=-5, currency="EUR"))}),
        (
            "create_refund",
            {"new": NewRefund(payment_id="x", money=Money(amount=-1, currency="EUR"))},
        ),
        ("cancel_payment", {"payment_id": ""}),
    ]
    for operation, given in wrong:
        error = failure_of(payments, operation, **given, idempotency_key="k1")
        assert (type(error), error.accepted) == (ServiceRefused, "no")
    assert payments.asked() == []


def test_a_busy_service_has_certainly_not_accepted(payments):
    payments.be_busy()
    given = {"new": NewPayment(money=EUR), "idempotency_key": "k1"}
    error = failure_of(payments, "create_payment", **given)
    assert (type(error), error.accepted) == (RateLimited, "no")


def test_refused_credentials_are_told_with_what_to_do(payments):
    payments.forget_us()
    error = failure_of(payments, "get_payment", payment_id="pi_1")
    assert (type(error), error.accepted) == (AuthenticationError, "no")
    assert error.mend
