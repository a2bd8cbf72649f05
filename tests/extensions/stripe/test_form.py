"""Forms as Stripe's reference writes them."""

from datetime import UTC, datetime
from urllib.parse import parse_qsl

import pytest

from extensions.sdk.service_errors import ServiceRefused
from extensions.stripe.mapping import encoded


def test_names_nest_in_brackets_and_lists_are_numbered():
    form = {
        "line_items": [{"price": "price_1", "quantity": 2}, {"price": "price_2"}],
        "metadata": {"deal": "7 & 8", "naïve": "ü"},
    }
    assert parse_qsl(encoded(form)) == [
        ("line_items[0][price]", "price_1"),
        ("line_items[0][quantity]", "2"),
        ("line_items[1][price]", "price_2"),
        ("metadata[deal]", "7 & 8"),
        ("metadata[naïve]", "ü"),
    ]


def test_values_are_written_as_stripe_reads_them():
    form = {"a": True, "b": False, "c": datetime(2026, 1, 15, 10, tzinfo=UTC), "d": ()}
    assert encoded(form) == "a=true&b=false&c=1768471200"


def test_none_is_left_out_and_an_empty_text_stays():
    assert encoded({"name": None, "phone": "", "nested": {"x": None}}) == "phone="


@pytest.mark.parametrize("name", ["a][amount", "a[b]", ""])
def test_a_name_can_not_become_another_field(name):
    with pytest.raises(ServiceRefused, match="brackets"):
        encoded({"metadata": {name: "1"}})
