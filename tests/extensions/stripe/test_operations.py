"""What is read of Stripe's answers, and how calls end that go wrong."""

from datetime import UTC, datetime

import pytest

from extensions.sdk.capabilities.payment_shapes import (
    CheckoutLine,
    CustomerDetails,
    Money,
    NewCheckout,
    NewPayment,
    NewPrice,
    NewRefund,
)
from extensions.sdk.context import HttpResponse
from extensions.sdk.errors import HttpFailed
from extensions.sdk.service_errors import ServiceError, ServiceRefused, ServiceUnavailable
from extensions.stripe.client import Api
from extensions.stripe.extension import StripePayments
from tests.support.calling_out import FarSide, app_with, said

EUR = Money(amount=1999, currency="EUR")
CREATED = 1768471200
WHEN = datetime(2026, 1, 15, 10, tzinfo=UTC)
INTENT = {
    "id": "pi_1",
    "amount": 500,
    "currency": "jpy",
    "status": "requires_action",
    "created": CREATED,
}


@pytest.fixture
def far():
    return FarSide()


@pytest.fixture
def payments(far):
    return StripePayments(Api(app_with(far, {"base_url": "https://api.stripe.test/"})))


def test_a_payment_is_read_whole(payments, far):
    far.answers = [
        INTENT
        | {
            "amount_received": 500,
            "client_secret": "pi_1_secret",
            "customer": {"id": "cus_1", "object": "customer"},
            "next_action": {"redirect_to_url": {"url": "https://bank.example"}},
            "last_payment_error": {"message": "Your card was declined."},
            "metadata": {"deal": "7"},
        }
    ]
    found = payments.get_payment("pi_1")
    assert found.money == Money(amount=500, currency="JPY")
    assert (found.status, found.received, found.customer_id) == ("requires_action", 500, "cus_1")
    assert (found.next_url, found.failure) == ("https://bank.example", "Your card was declined.")
    assert (found.created_at, found.metadata) == (WHEN, {"deal": "7"})
    (asked,) = far.asked
    assert (asked.method, asked.url) == ("GET", "https://api.stripe.test/v1/payment_intents/pi_1")
    assert asked.headers == {"Stripe-Version": "2023-08-16"}


def test_what_is_missing_is_empty(payments, far):
    far.answers = [INTENT]
    found = payments.get_payment("pi_1")
    assert (found.client_secret, found.customer_id, found.next_url, found.failure) == ("",) * 4


def test_a_deleted_customer_says_so(payments, far):
    far.answers = [{"id": "cus_1", "object": "customer", "deleted": True}]
    assert payments.get_customer("cus_1").deleted


def test_a_card_shows_its_last_digits_and_a_wallet_none(payments, far):
    card = {"brand": "visa", "last4": "4242", "exp_month": 3, "exp_year": 2030}
    data = [{"id": "pm_1", "type": "card", "card": card}, {"id": "pm_2", "type": "wechat_pay"}]
    far.answers = [{"data": data, "has_more": False}]
    first, second = payments.list_payment_methods("cus_1")
    assert (first.brand, first.last_digits, first.expires) == ("visa", "4242", "2030-03")
    assert (second.kind, second.expires, second.customer_id) == ("wechat_pay", "", "")


def test_a_price_that_depends_on_the_quantity_has_no_amount(payments, far):
    far.answers = [{"id": "price_1", "currency": "eur", "unit_amount": None}]
    found = payments.create_price(NewPrice(name="Support", money=EUR, every="month"), "k1")
    assert (found.id, found.money, found.every) == ("price_1", None, None)


@pytest.mark.parametrize("status", ["succeeded", "something_new"])
def test_refunds_of_a_status_that_nobody_knew_are_pending(payments, far, status):
    refund = {"id": "re_1", "amount": 5, "currency": "eur", "created": CREATED, "status": status}
    far.answers = [refund]
    found = payments.create_refund(NewRefund(payment_id="pi_1"), "k1")
    assert found.status == {"succeeded": "succeeded", "something_new": "pending"}[status]
    assert far.asked[0].body == "payment_intent=pi_1"


def test_ids_can_not_leave_their_place(payments, far):
    far.answers = [INTENT]
    payments.get_payment("../customers?limit=1#")
    assert far.asked[0].url.endswith("/v1/payment_intents/..%2Fcustomers%3Flimit%3D1%23")


@pytest.mark.parametrize("wrong", ["", "..", " "])
def test_an_empty_id_never_becomes_the_list(payments, far, wrong):
    with pytest.raises(ServiceRefused, match="Give an id"):
        payments.delete_customer(wrong)
    assert far.asked == []


@pytest.mark.parametrize("key", ["", "x" * 256, "a\nb", "ü"])
def test_a_key_that_stripe_does_not_take_is_refused(payments, far, key):
    with pytest.raises(ServiceRefused, match="idempotency key"):
        payments.create_payment(NewPayment(money=EUR), key)
    assert far.asked == []


def test_a_line_needs_a_price(payments):
    new = NewCheckout(lines=(CheckoutLine(name="x"),), success_url="https://crm.example")
    with pytest.raises(ServiceRefused, match="name and an amount"):
        payments.create_checkout(new, "k1")


@pytest.mark.parametrize(
    ("sent", "reading", "writing"), [(True, "no", "unknown"), (False, "no", "no")]
)
def test_only_what_may_have_been_done_is_unknown(payments, far, sent, reading, writing):
    far.answers = [HttpFailed("gone", sent=sent), HttpFailed("gone", sent=sent)]
    with pytest.raises(ServiceUnavailable) as read:
        payments.get_payment("pi_1")
    with pytest.raises(ServiceUnavailable) as wrote:
        payments.create_customer(CustomerDetails(), "k1")
    assert (read.value.accepted, wrote.value.accepted) == (reading, writing)


@pytest.mark.parametrize(
    ("answer", "code", "wait"),
    [
        (said({"error": {"message": "slow down"}}, 429, retry_after="7"), "rate_limited", 7),
        (said({}, 429, retry_after="soon"), "rate_limited", 1),
        (said({"error": "text"}, 503), "service_unavailable", 1),
        (said([], 400), "service_refused", 0),
        (HttpResponse(502, {}, b"<html>"), "service_unavailable", 1),
        (said({"error": {"code": "resource_missing"}}, 404), "service_not_found", 0),
    ],
)
def test_what_stripe_says_no_with(payments, far, answer, code, wait):
    far.answers = [answer]
    with pytest.raises(ServiceError) as caught:
        payments.get_payment("pi_1")
    assert (caught.value.code, caught.value.retry_after) == (code, wait)


def test_pages_that_go_round_are_left(payments, far):
    page = {"data": [{"id": "cus_1"}], "has_more": True}
    far.answers = [page, page, page]
    with pytest.raises(ServiceUnavailable, match="again and again"):
        payments.find_customers("ana@example.com")
    assert len(far.asked) == 2


def test_an_empty_page_ends_a_list(payments, far):
    far.answers = [{"data": [], "has_more": False}]
    assert payments.find_customers("ana+b@example.com") == ()
    assert "email=ana%2Bb%40example.com" in far.asked[0].url
