import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geminicrm.kernel.errors import ValidationFailed
from geminicrm.kernel.money import (
    currencies,
    exponent,
    is_currency,
    parse_amount,
    to_decimal_string,
)

MINOR = st.integers(min_value=-(2**63 - 1), max_value=2**63 - 1)
ASCII = st.characters(codec="ascii")
CURRENCY = st.sampled_from(currencies())


@given(MINOR, CURRENCY)
def test_an_amount_written_and_read_is_the_same(minor: int, currency: str) -> None:
    text = to_decimal_string(minor, currency)
    assert parse_amount(text, currency) == minor
    assert parse_amount(Decimal(text), currency) == minor
    assert Decimal(text).scaleb(exponent(currency)) == minor


@given(st.from_regex(r"-?[0-9]{1,16}(\.[0-9]{1,2})?", fullmatch=True, alphabet=ASCII))
def test_plain_numbers_keep_their_value(text: str) -> None:
    assert parse_amount(text, "EUR") == Decimal(text).scaleb(2)


@given(st.text().filter(lambda text: not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text)), CURRENCY)
def test_any_other_text_is_refused_at_the_amount(text: str, currency: str) -> None:
    with pytest.raises(ValidationFailed) as caught:
        parse_amount(text, currency)
    assert caught.value.findings[0].pointer == "/amount"


@pytest.mark.parametrize(
    ("value", "currency", "minor"),
    [
        ("12.50", "EUR", 1250),
        ("12.5", "EUR", 1250),
        ("12", "EUR", 1200),
        (12, "EUR", 1200),
        (-12, "EUR", -1200),
        (Decimal("12.5"), "EUR", 1250),
        (Decimal("1E+3"), "EUR", 100000),
        (Decimal("-0.01"), "EUR", -1),
        ("-0.00", "EUR", 0),
        ("0.001", "KWD", 1),
        ("1000", "JPY", 1000),
        ("007", "JPY", 7),
        ("92233720368547758.07", "EUR", 2**63 - 1),
    ],
    ids=repr,
)
def test_amounts_become_minor_units(value: object, currency: str, minor: int) -> None:
    assert parse_amount(value, currency) == minor


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (1250, "EUR", "12.50"),
        (-5, "EUR", "-0.05"),
        (0, "EUR", "0.00"),
        (0, "JPY", "0"),
        (-7, "JPY", "-7"),
        (1, "KWD", "0.001"),
    ],
)
def test_minor_units_become_text(minor: int, currency: str, text: str) -> None:
    assert to_decimal_string(minor, currency) == text


@pytest.mark.parametrize(
    ("value", "currency", "code"),
    [
        (1.5, "EUR", "float_refused"),
        (float("nan"), "EUR", "float_refused"),
        (True, "EUR", "float_refused"),
        ("1.234", "EUR", "too_many_decimals"),
        ("10.00", "JPY", "too_many_decimals"),
        (Decimal("0.0001"), "KWD", "too_many_decimals"),
        ("1e3", "EUR", "not_an_amount"),
        ("NaN", "EUR", "not_an_amount"),
        ("Infinity", "EUR", "not_an_amount"),
        ("1,50", "EUR", "not_an_amount"),
        ("+1", "EUR", "not_an_amount"),
        (" 1", "EUR", "not_an_amount"),
        ("1\n", "EUR", "not_an_amount"),
        (".5", "EUR", "not_an_amount"),
        ("1.", "EUR", "not_an_amount"),
        ("1_000", "EUR", "not_an_amount"),
        ("\u0661", "EUR", "not_an_amount"),
        ("", "EUR", "not_an_amount"),
        ("1" * 20, "EUR", "not_an_amount"),
        (None, "EUR", "not_an_amount"),
        ([], "EUR", "not_an_amount"),
        (Decimal("NaN"), "EUR", "not_an_amount"),
        (Decimal("-Infinity"), "EUR", "not_an_amount"),
        (Decimal("1E+999999"), "EUR", "not_an_amount"),
        pytest.param(10**5000, "EUR", "not_an_amount", id="giant"),
        (2**63 - 1, "EUR", "amount_too_large"),
        ("92233720368547758.08", "EUR", "amount_too_large"),
        ("-9223372036854775808", "JPY", "amount_too_large"),
    ],
    ids=repr,
)
def test_wrong_amounts_are_refused_with_a_code(value: object, currency: str, code: str) -> None:
    with pytest.raises(ValidationFailed) as caught:
        parse_amount(value, currency, "/rows/3/amount")
    (finding,) = caught.value.findings
    assert (finding.pointer, finding.code) == ("/rows/3/amount", code)


@pytest.mark.parametrize("code", ["eur", "", "XXX", "XAU", "HRK", "BGN", "EURO"])
def test_unknown_currencies_are_refused(code: str) -> None:
    assert not is_currency(code)
    with pytest.raises(ValidationFailed) as caught:
        parse_amount("1", code)
    assert caught.value.findings[0].pointer == "/currency"


def test_the_table_has_the_currencies_of_iso_4217() -> None:
    assert len(currencies()) == 155
    assert all(len(code) == 3 and code.isupper() for code in currencies())
    assert {code for code in currencies() if exponent(code) == 3} == {
        "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND",
    }  # fmt: skip
    assert [exponent(code) for code in ("JPY", "KRW", "CLP", "USD", "ISK")] == [0, 0, 0, 2, 0]
