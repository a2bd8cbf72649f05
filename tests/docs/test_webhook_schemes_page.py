"""The page of schemes says what the schemes are."""

import inspect
import re

import pytest

from geminicrm.webhooks.incoming.schemes import SCHEMES, generic_hmac
from tests.support.pages import page, rows, section
from tests.support.webhook_schemes import SAMPLES

PAGE = page("docs/webhook-schemes.md")
TABLE = rows(section(PAGE, "The schemes"))
TIME = {True: "300 s", False: "none"}


def ticked(text):
    return re.findall(r"`([^`]*)`", text)


def of_row(row):
    return row[0].strip("`")


def test_every_scheme_is_in_the_table_in_their_order():
    assert [of_row(row) for row in TABLE] == list(SCHEMES)


@pytest.mark.parametrize("row", TABLE, ids=of_row)
def test_a_row_says_what_its_scheme_is(row):
    scheme, sample = SCHEMES[of_row(row)], SAMPLES[of_row(row)]
    assert row[1] == scheme.label
    assert row[2].startswith("none") is not scheme.needs_secret
    assert [name.lower() for name in ticked(row[3])] == list(sample.vital)
    assert row[5] == TIME[sample.timed]


def test_the_options_of_hmac_are_those_that_it_reads():
    named = [row[0].strip("`") for row in rows(section(PAGE, "Options of `hmac`"))]
    source = inspect.getsource(generic_hmac)
    assert sorted(named) == sorted({*re.findall(r'(?:get\(|options, |checking, )"(\w+)"', source)})
