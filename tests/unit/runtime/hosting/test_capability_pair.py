"""A capability of an extension's own, declared by one and provided by another, both ways to run."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from geminicrm.app import Core, create_app
from geminicrm.runtime.consent import InstallRequest
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
from tests.support.life import files, zipped

ROOT = f"/api/extensions/{DESK}"
PAIR = ((DESK_CODE, DESK_FACTS), (SKY_CODE, SKY_FACTS))


def install_own(core: Core, tenant: Tenant, code: str, facts: dict[str, Any]) -> str:
    """Install one as the core's own; give how it is kept apart."""
    core.registry.offer(zipped(files(code, **facts)))
    return installed(core, tenant, facts["id"])


def install_foreign(core: Core, tenant: Tenant, code: str, facts: dict[str, Any]) -> str:
    """Install one of a stranger's; give how it is kept apart."""
    core.registry.publish(tenant.owner(), zipped(files(code, **facts)))
    return installed(core, tenant, facts["id"])


def installed(core: Core, tenant: Tenant, extension_id: str) -> str:
    wish = InstallRequest(extension_id=extension_id, grant="requested", allow_unsigned=True)
    change = core.life_cycle.install(tenant.owner(), wish)
    core.runtime.reconcile()
    return str(change.installation["isolation"])


@pytest.fixture(params=["in-process", "sandboxed"])
def client(request: pytest.FixtureRequest, core: Core, tenant: Tenant) -> FlaskClient:
    """Install the pair; give a client of the application."""
    install = {"in-process": install_own, "sandboxed": install_foreign}[request.param]
    {"in-process": str, "sandboxed": request.getfixturevalue}[request.param]("confining")
    ways = [install(core, tenant, code, facts) for code, facts in PAIR]
    assert ways == [request.param] * 2
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
