"""The doors: problems, workers and safe mode as pages and REST, for those who may."""

import shutil

import pytest
from flask.testing import FlaskClient

from geminicrm.app import Core
from geminicrm.identity.tokens import create_token
from geminicrm.runtime.consent import InstallRequest
from marketplace.offer import built_in_folder, offer_builtins
from tests.support.core import Tenant, sign_in

SCORING = "lead-scoring"


@pytest.fixture
def operator(core: Core, tenant: Tenant) -> dict[str, str]:
    """Give the headers of a token that may operate the installation."""
    return token_of(core, tenant, "operate:instance", "read:extensions", "manage:extensions")


def token_of(core: Core, tenant: Tenant, *scopes: str) -> dict[str, str]:
    with core.works.write(tenant.system()) as work:
        made = create_token(work, tenant.owner_id, "t", scopes, days=None)
    return {"Authorization": f"Bearer {made.secret}"}


@pytest.fixture
def installed(core: Core, tenant: Tenant) -> Core:
    """Give a core with lead scoring installed in the tenant's workspace."""
    offer_builtins(core.registry, built_in_folder())
    wanted = InstallRequest(extension_id=SCORING, grant="requested")
    core.life_cycle.install(tenant.system(), wanted)
    core.runtime.reconcile()
    return core


def lose_package(core: Core) -> None:
    (row,) = core.runtime.convergence.table.by_id.values()
    shutil.rmtree(core.runtime.packages.path(row.digest))


def test_what_needs_attention_is_listed_and_repaired(
    installed: Core, client: FlaskClient, operator: dict[str, str]
):
    lose_package(installed)
    (found,) = client.get("/api/attention", headers=operator).json["data"]
    assert (found["code"], found["fix_method"]) == ("package_missing", "POST")

    mended = client.post(f"/api/installations/{SCORING}/repair", headers=operator)

    assert mended.status_code == 200
    assert client.get("/api/attention", headers=operator).json == {"data": [], "next_cursor": None}


def test_the_page_has_a_button_that_mends_it(installed: Core, client: FlaskClient, tenant: Tenant):
    lose_package(installed)
    token = sign_in(client, tenant)
    page = client.get("/installed").get_data(as_text=True)
    assert "Needs attention" in page
    assert 'class="nav-badge">1<' in page
    assert f'action="/installed/{SCORING}/repair"' in page

    client.post(f"/installed/{SCORING}/repair", data={"csrf_token": token})

    assert "was fetched again" in client.get("/installed").get_data(as_text=True)
    assert "Needs attention" not in client.get("/installed").get_data(as_text=True)


def test_the_workers(installed: Core, client: FlaskClient, operator: dict[str, str]):
    found = client.get("/api/workers", headers=operator).json

    (one,) = found["data"]
    assert one["generation"] == found["generation"]
    assert (one["behind"], one["differs"], one["safe_mode"]) == (False, False, False)
    assert one["not_loaded"] == []


def test_what_a_worker_could_not_load_is_named(
    installed: Core, client: FlaskClient, operator: dict[str, str], tenant: Tenant
):
    (row,) = installed.runtime.convergence.table.by_id.values()
    table = installed.runtime.convergence.table
    installed.runtime.leases.acknowledge(table.generation - 1, "x", {row.id: "no file"})
    (one,) = client.get("/api/workers", headers=operator).json["data"]
    assert one["behind"]
    assert one["not_loaded"] == [
        {
            "installation_id": row.id,
            "extension_id": SCORING,
            "workspace": "North",
            "reason": "no file",
        }
    ]
    sign_in(client, tenant)
    page = client.get("/operations/workers").get_data(as_text=True)
    assert "Behind" in page
    assert "no file" in page


def test_safe_mode_is_turned_on_and_off(
    core: Core, client: FlaskClient, operator: dict[str, str], tenant: Tenant
):
    core.runtime.reconcile()
    body = {"on": True, "reason": "I look for a fault."}
    on = client.put("/api/safe-mode", json=body, headers=operator).json
    assert (on["on"], on["by"], on["reason"]) == (True, "operator", "I look for a fault.")
    refused = client.get("/api/extensions/anything/x", headers=tenant.headers())
    assert (refused.status_code, refused.json["code"]) == (503, "safe_mode")
    assert refused.headers["Retry-After"] == "60"
    token = sign_in(client, tenant)
    assert "Safe mode is on: no extension runs" in client.get("/leads").get_data(as_text=True)
    assert "I look for a fault." in client.get("/operations/safe-mode").get_data(as_text=True)

    client.post("/operations/safe-mode", data={"on": "no", "csrf_token": token})

    assert client.get("/api/safe-mode", headers=operator).json["on"] is False
    assert "no extension runs" not in client.get("/leads").get_data(as_text=True)
    missing = client.get("/api/extensions/anything/x", headers=tenant.headers())
    assert missing.status_code == 404


@pytest.mark.parametrize("path", ["/api/workers", "/api/safe-mode", "/operations/workers"])
def test_the_whole_installation_is_for_operators(
    core: Core, client: FlaskClient, tenant: Tenant, path: str
):
    headers = token_of(core, tenant, "read:extensions")
    assert client.get(path, headers=headers).status_code == 403


def test_who_does_not_operate_reads_who_can_help(core: Core, client: FlaskClient, tenant: Tenant):
    headers = token_of(core, tenant, "read:leads", "read:extensions")
    core.care.safe.turn(tenant.system(), on=True)

    page = client.get("/leads", headers=headers).get_data(as_text=True)
    (problem,) = client.get("/api/attention", headers=headers).json["data"]

    assert "An operator can turn it off." in page
    assert problem["fix_url"] is None
