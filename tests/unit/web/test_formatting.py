"""Texts made from numbers, amounts, dates and instants."""

from datetime import UTC, date, datetime
from decimal import InvalidOperation

import pytest

from geminicrm.web import formatting

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("1234.50", "EUR", "€1,234.50"),
        ("-5", "JPY", "-¥5"),
        ("1.250", "KWD", "KWD\u00a01.250"),
        ("0.00", "USD", "$0.00"),
        ("12345678901234567.89", "USD", "$12,345,678,901,234,567.89"),
    ],
)
def test_money_keeps_every_digit(amount: str, currency: str, text: str):
    assert formatting.money(amount, currency) == text


def test_money_refuses_what_is_no_number():
    with pytest.raises(InvalidOperation):
        formatting.money("twelve", "EUR")


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("950", "€950"),
        ("999.99", "€1K"),
        ("1200", "€1.2K"),
        ("12000", "€12K"),
        ("124500", "€124K"),
        ("999999", "€1M"),
        ("-2500000", "-€2.5M"),
        ("3000000000", "€3B"),
    ],
)
def test_short_money(amount: str, text: str):
    assert formatting.money_short(amount, "EUR") == text


def test_numbers_and_shares():
    assert formatting.number(1204) == "1,204"
    assert formatting.number("1204.5") == "1,204.5"
    assert formatting.percent(0.624) == "62%"


@pytest.mark.parametrize(
    ("octets", "text"),
    [(512, "512 B"), (1536, "1.5 KiB"), (5 * 1024**2, "5 MiB"), (3 * 1024**3, "3.0 GiB")],
)
def test_sizes(octets: int, text: str):
    assert formatting.size(octets) == text


def test_instants_are_shown_in_the_zone():
    assert formatting.instant("2026-11-21T23:30:00Z", "Europe/Paris") == "22 Nov 2026, 00:30"
    assert formatting.instant(NOON, "America/New_York") == "21 Nov 2026, 07:00"
    assert formatting.local_day("2026-11-21T23:30:00Z", "Europe/Paris") == date(2026, 11, 22)
    assert formatting.clock("2026-11-21T23:30:00Z", "Europe/Paris") == "00:30"


def test_an_instant_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="names no time zone"):
        formatting.instant("2026-11-21T12:00:00", "UTC")


def test_dates_are_not_shifted():
    assert formatting.day("2026-12-01") == "1 Dec 2026"
    assert formatting.day(date(2026, 12, 1)) == "1 Dec 2026"


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        ("2026-11-21T11:59:30Z", "just now"),
        ("2026-11-21T11:59:10Z", "1 minute ago"),
        ("2026-11-21T11:15:00Z", "45 minutes ago"),
        ("2026-11-21T11:01:00Z", "1 hour ago"),
        ("2026-11-21T14:00:00Z", "in 2 hours"),
        ("2026-11-18T12:00:00Z", "3 days ago"),
        ("2026-11-07T12:00:00Z", "2 weeks ago"),
        ("2026-08-21T12:00:00Z", "3 months ago"),
        ("2024-11-21T12:00:00Z", "2 years ago"),
    ],
)
def test_relative_time(moment: str, text: str):
    assert formatting.relative_time(moment, NOON) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("2026-11-20", "yesterday"),
        ("2026-11-21", "today"),
        ("2026-11-22", "tomorrow"),
        ("2026-11-24", "in 3 days"),
        ("2026-11-16", "5 days ago"),
    ],
)
def test_relative_day(value: str, text: str):
    assert formatting.relative_day(value, NOON.date()) == text


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Ada King Lovelace", "AL"), ("plato", "P"), ("", "?"), ("- @", "?"), ("a@b.example", "AB")],
)
def test_initials(name: str, letters: str):
    assert formatting.initials(name) == letters


def test_a_name_keeps_its_hue():
    assert formatting.hue("Plotwise") == formatting.hue("Plotwise")
    assert {formatting.hue(letter) for letter in "abcdef"} == {1, 2, 3, 4, 5, 6}
