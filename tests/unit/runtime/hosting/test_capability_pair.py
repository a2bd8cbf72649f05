"""A capability of an extension's own, declared by one and provided by another, both ways to run."""

import pytest
from flask.testing import FlaskClient

from geminicrm.app import Core, create_app
from tests.support.both_ways import InstallAll
from tests.support.capability_pair import (
    DESK,
    DESK_CODE,
    DESK_FACTS,
    FORECAST,
    SKY,
    SKY_CODE,
    SKY_FACTS,
    USE,
)
from tests.support.core import Tenant

ROOT = f"/api/extensions/{DESK}"
PAIR = ((DESK_CODE, DESK_FACTS), (SKY_CODE, SKY_FACTS))


@pytest.fixture
def client(install_all: InstallAll, core: Core, tenant: Tenant) -> FlaskClient:
    """Install the pair; give a client of the application."""
    install_all(core, tenant, PAIR)
    return create_app(core=core).test_client()


def test_the_pair_finds_and_asks_each_other(client: FlaskClient, core: Core, tenant: Tenant):
    head = tenant.headers()
    looked = client.get(f"{ROOT}/look?place=Bergen", headers=head)
    assert (looked.status_code, looked.json) == (200, {"place": "Bergen", "degrees": 21.5})
    who = client.get(f"{ROOT}/who/{FORECAST}", headers=head)
    assert who.json == [[SKY, "Sky", ""]]
    rain = client.get(f"{ROOT}/ask/{FORECAST}/order_rain?place=Bergen", headers=head)
    assert rain.json == {"result": None, "service": SKY}

    wrong = client.get(f"{ROOT}/look?town=Bergen", headers=head)
    assert (wrong.status_code, wrong.json["code"]) == (422, "validation_failed")
    unknown = client.get(f"{ROOT}/ask/{FORECAST}/uninstall", headers=head)
    assert (unknown.status_code, unknown.json["errors"][0]["code"]) == (422, "unknown_operation")
    away = client.get(f"{ROOT}/look?place=Atlantis", headers=head)
    assert (away.status_code, away.json["detail"]) == (502, "It is under water.")
    lie = client.get(f"{ROOT}/look?place=Nowhere", headers=head)
    assert (lie.status_code, lie.json["reason"]) == (502, "outcome_unknown")

    core.life_cycle.change_grant(tenant.owner(), DESK, remove=[USE])
    core.runtime.reconcile()
    refused = client.get(f"{ROOT}/look?place=Bergen", headers=head)
    assert (refused.status_code, refused.json["scope"]) == (403, USE)
