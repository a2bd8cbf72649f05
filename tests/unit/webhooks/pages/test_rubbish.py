"""Rubbish in addresses is refused on either engine, and never an error of ours."""

import pytest

from geminicrm.app import create_app
from tests.support.core import make_tenant
from tests.support.crm_pages import visitor

PLACES = (
    "/webhooks/received?service=%00",
    "/webhooks/received?text=a%00",
    "/webhooks/received?connection=%00",
    "/webhooks/received?cursor=%00",
    "/webhooks/received/%00",
    "/webhooks/card/lead/%00",
    "/webhooks/checker?caught=%00",
    "/webhooks/deliveries?q=%00",
    "/webhooks/deliveries?cursor=rubbish",
    "/webhooks/deliveries/%00",
    "/webhooks/recover?endpoint_id=%00",
    "/webhooks/%00",
    "/webhooks/test/%00",
    "/leads/%00",
    "/payments?related_id=%00",
)


@pytest.fixture
def owner(both_cores):
    return visitor(create_app(core=both_cores), make_tenant(both_cores, "north"))


def test_rubbish_is_refused(owner):
    found = {place: owner.get(place).status_code for place in PLACES}
    assert {place: status for place, status in found.items() if status >= 500} == {}
