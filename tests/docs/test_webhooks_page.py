"""docs/webhooks.md: its samples are taken as yours would be, its figures are those of the code."""

import json
import re
import time

import pytest

from geminicrm.core import event_types
from geminicrm.events.catalogue import Catalogue, sample_of
from geminicrm.webhooks.outgoing import replaying, shaping
from geminicrm.webhooks.outgoing.asking import EndpointInput
from geminicrm.webhooks.outgoing.filters import OPERATORS
from geminicrm.webhooks.outgoing.models import DELIVERY_STATES
from geminicrm.webhooks.outgoing.shaping import Shaping, render
from geminicrm.webhooks.outgoing.signing import new_secret, signed_headers
from tests.support.pages import page, rows, samples, section

PAGE = page("docs/webhooks.md")
SHAPES = [one for one in samples(PAGE) if one.title]
EVENT = sample_of(Catalogue(event_types()).get("lead.updated"))
PYTHON = [one.text for one in samples(PAGE) if one.language == "python"]


def names(heading):
    return [re.findall(r"`(\w+)`", row[0]) for row in rows(section(PAGE, heading))]


def shaping_of(sample):
    value = sample.text if sample.title == "template" else json.loads(sample.text)
    return Shaping(**{sample.title: value})


@pytest.mark.parametrize("sample", SHAPES, ids=range(len(SHAPES)))
def test_shapes_of_the_page_are_taken_and_give_json(sample):
    shape = shaping_of(sample)
    assert shape.findings([EVENT]) == []
    assert json.loads(render(shape.stored(), EVENT))


def test_every_kind_of_shape_is_shown():
    assert {one.title for one in SHAPES} == {"filter", "mapping", "template"}


def test_the_table_of_members_is_what_is_taken():
    shown = [name for row in names("Webhooks") for name in row]
    assert shown == list(EndpointInput.model_fields)


def test_the_table_of_comparisons_is_what_there_is():
    assert [row[0] for row in names("Filters")] == list(OPERATORS)


def test_the_table_of_states_is_what_there_is():
    assert [row[0] for row in names("Attempts")] == list(DELIVERY_STATES)


def test_headers_of_the_page_are_those_that_are_sent():
    sent = signed_headers([new_secret()], "evt_1", "lead.created", 1, b"{}")
    assert [row[0].strip("`") for row in rows(section(PAGE, "Receiving"))] == list(sent)


def test_figures_are_those_of_the_code():
    assert f"{replaying.MOST_AT_ONCE:,} at most" in PAGE
    assert f"for up to {replaying.MOST_SELECTED}." in PAGE
    assert f"may have {shaping.MOST_BYTES // 1024} KiB" in PAGE


def test_the_receiver_of_the_page_verifies():
    known = {}
    exec(PYTHON[0], known)  # noqa: S102 - the page's own sample
    secret, now = new_secret(), int(time.time())
    headers = signed_headers([secret], "evt_1", "lead.created", now, b'{"id": "evt_1"}')
    assert known["receive"](secret, headers, b'{"id": "evt_1"}') == {"id": "evt_1"}


def test_the_manager_of_the_page_works(core, tenant, app):
    with app.app_context():
        exec(PYTHON[1].replace("erp.example.com", "93.184.216.34"), {})  # noqa: S102 - as above
    (endpoint,) = core.outgoing.endpoints.list(tenant.owner()).data
    assert endpoint["events"] == ["lead.created"]
