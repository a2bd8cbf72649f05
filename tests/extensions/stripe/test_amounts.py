"""Amounts: what docs.stripe.com/currencies says of each kind of currency."""

import pytest

from extensions.sdk.capabilities.payment_shapes import Money
from extensions.sdk.service_errors import ServiceRefused
from extensions.stripe.mapping import currency_of, from_stripe, to_stripe


@pytest.mark.parametrize(
    ("currency", "minor", "at_stripe"),
    [
        ("USD", 1999, 1999),
        ("JPY", 500, 500),  # no decimals, here and there
        ("KRW", 50_000, 50_000),
        ("KWD", 1230, 1230),  # three decimals, the last one 0
        ("BHD", 10, 10),
        ("ISK", 5, 500),  # none at ISO 4217, two that are 00 at Stripe
        ("UGX", 3700, 370_000),
        ("MGA", 100_000, 1000),  # two at ISO 4217, none at Stripe
    ],
)
def test_an_amount_goes_there_and_back(currency, minor, at_stripe):
    money = Money(amount=minor, currency=currency)
    assert to_stripe(money) == at_stripe
    assert currency_of(money) == currency.lower()
    assert from_stripe(at_stripe, currency.lower()) == money


@pytest.mark.parametrize(
    ("currency", "minor", "code"),
    [
        ("KWD", 1234, "amount_not_divisible"),
        ("TND", 5, "amount_not_divisible"),
        ("MGA", 150, "amount_not_divisible"),
        ("EUR", 0, "amount_too_small"),
        ("EUR", -1, "amount_too_small"),
    ],
)
def test_an_amount_that_stripe_can_not_move_is_refused(currency, minor, code):
    with pytest.raises(ServiceRefused) as caught:
        to_stripe(Money(amount=minor, currency=currency))
    assert (caught.value.service_code, caught.value.accepted) == (code, "no")
