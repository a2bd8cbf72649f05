"""The rules of lead-scoring, one by one."""

import json
from dataclasses import replace

import pytest

from extensions.lead_scoring.mapping import (
    domain_of,
    domains,
    is_among,
    options_from,
    score,
)
from marketplace.offer import built_in_folder

BEST = {
    "first_name": "Grace",
    "email": "grace@acme.example",
    "phone": "+1 555 0100",
    "company": "Acme",
    "title": "Chief Operating Officer",
    "source": "Referral",
    "amount": "25000.00",
    "currency": "EUR",
}


def _defaults():
    manifest = json.loads((built_in_folder() / "lead_scoring/manifest.json").read_text())
    return {each["id"]: each.get("default") for each in manifest["settings"]}


@pytest.fixture
def options():
    return options_from(_defaults())


def _points(lead, options):
    return {line.label: line.points for line in score(lead, options).lines}


def test_the_best_lead_has_a_hundred_points(options):
    found = score(BEST, options)
    assert (found.value, found.name) == (100, "Hot")
    assert sum(line.possible for line in found.lines) == 100


def test_an_empty_lead_has_none_and_every_rule_says_why(options):
    found = score({}, options)
    assert (found.value, found.name) == (0, "Cold")
    assert [line.found for line in found.lines] == [
        "none", "no address", "none", "none", "no title", "none", "unknown",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "label", "points"),
    [
        ({"email": "g@GMAIL.com"}, "Address at a business", 0),
        ({"email": "g@eu.outlook.com"}, "Address at a business", 0),
        ({"email": "g@notgmail.com"}, "Address at a business", 15),
        ({"title": "Head of Sales"}, "Somebody who decides", 25),
        ({"title": "Co-Founder"}, "Somebody who decides", 25),
        ({"title": "Office Manager"}, "Somebody who decides", 12),
        ({"title": "Headhunter"}, "Somebody who decides", 0),
        ({"amount": "5000.00"}, "Amount", 5),
        ({"amount": "90000.00"}, "Amount", 25),
        ({"amount": "0.00"}, "Amount", 0),
        ({"source": "PARTNER"}, "Good source", 10),
        ({"source": "cold call"}, "Good source", 0),
        ({"phone": " "}, "Phone number", 0),
    ],
)
def test_each_rule_gives_its_points(change, label, points, options):
    assert _points({**BEST, **change}, options)[label] == points


def test_the_sum_stays_between_0_and_100(options):
    points = dict(options.points)
    assert score(BEST, replace(options, points={**points, "email": 90})).value == 100
    assert score(BEST, replace(options, points={**points, "email": -500})).value == 0


def test_any_amount_counts_in_full_where_nothing_is_asked(options):
    lead = {"amount": "1.00"}
    assert _points(lead, replace(options, full_amount=0.0))["Amount"] == 25


def test_the_names_follow_the_settings():
    options = options_from({**_defaults(), "warm_from": 10, "hot_from": 90})
    assert score({"email": "a@acme.example"}, options).name == "Warm"
    assert score({"company": "Acme"}, options).name == "Warm"
    assert score({"phone": "1"}, options).name == "Cold"


def test_domains_are_read_from_what_people_write():
    assert domains("spam.example, @Bad.example;\n .worse.example ") == {
        "spam.example", "bad.example", "worse.example",
    }  # fmt: skip
    assert domains("") == frozenset()


def test_the_domain_of_an_address_is_what_stands_behind_the_last_at():
    assert domain_of('"a@b"@Mail.Example.') == "mail.example"
    assert domain_of(None) == ""


def test_a_listed_domain_counts_for_all_below_it():
    assert is_among("mail.spam.example", ["spam.example"])
    assert not is_among("notspam.example", ["spam.example"])
    assert not is_among("", ["spam.example"])
