"""/api/installations: trust, permissions, who enforces them."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from geminicrm.runtime.ledger import Ledger
from tests.support.core import Tenant
from tests.support.life import ALL, HELLO, Life, change_row, offer
from tests.support.life_app import life_app

ONE = f"/api/installations/{HELLO}"
RIGHTS = f"{ONE}/permissions"
LEVEL = {"landlock": "on (ABI 7)", "seccomp": "on", "uid": "off: not started as root"}


@pytest.fixture
def app(life: Life) -> Flask:
    return life_app(life)


@pytest.fixture
def client(app: Flask, life: Life, tenant: Tenant) -> FlaskClient:
    """A program of an admin; a sandboxed extension is installed."""
    network = [{"host": "api.example.com", "reason": "Its service."}]
    offer(life, optional_permissions=["write:deals"], network=network)
    life.cycle.install(tenant.owner(), ALL)
    change_row(life, tenant, built_in=False, trusted=False, level=LEVEL)
    made = app.test_client()
    made.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {tenant.token}"
    return made


def test_an_installation_says_what_confines_it(client: FlaskClient):
    one = client.get(ONE).json
    assert (one["isolation"], one["trusted"], one["level"]) == ("sandboxed", False, LEVEL)
    assert {each["what"]: each["enforced_by"] for each in one["enforcement"]} == {
        "permissions": "system",
        "hosts": "system",
        "outside": "system",
    }


def test_trust_and_back(client: FlaskClient):
    refused = client.patch(ONE, json={"trusted": True, "enabled": False})
    assert (refused.status_code, refused.json["code"]) == (409, "trust_not_typed")
    assert '"trust": "hello-world"' in refused.json["detail"]
    assert client.get(ONE).json["enabled"] is True, "refused as a whole"

    trusted = client.patch(ONE, json={"trusted": True, "trust": HELLO})
    assert trusted.status_code == 200
    assert (trusted.json["isolation"], trusted.json["trusted"]) == ("unsandboxed", True)
    assert {each["enforced_by"] for each in trusted.json["enforcement"]} == {"nobody"}
    assert client.patch(ONE, json={"trusted": False}).json["isolation"] == "sandboxed"


def test_what_came_with_the_crm_is_refused(client: FlaskClient, life: Life, tenant: Tenant):
    change_row(life, tenant, built_in=True)
    answer = client.patch(ONE, json={"trusted": True, "trust": HELLO})
    assert (answer.status_code, answer.json["code"]) == (409, "no_trust_needed")


def test_the_grant_is_set(client: FlaskClient):
    wider = client.patch(RIGHTS, json={"granted": ["read:leads", "write:deals"]})
    assert (wider.status_code, wider.json["granted"]) == (200, ["read:leads", "write:deals"])
    assert wider.headers["ETag"] == f'"{wider.json["revision"]}"'
    wrong = client.patch(RIGHTS, json={"granted": ["read:leads", "write:leads"]})
    assert wrong.status_code == 422
    assert [each["pointer"] for each in wrong.json["errors"]] == ["/granted/1"]
    assert client.patch(RIGHTS, json={}).json["errors"][0]["pointer"] == "/granted"


def test_one_permission_is_taken_away(client: FlaskClient):
    trimmed = client.delete(f"{RIGHTS}/read:leads")
    assert (trimmed.status_code, trimmed.json["granted"]) == (200, [])
    assert client.delete(f"{RIGHTS}/read:leads").status_code == 200, "twice is harmless"
    unknown = client.delete(f"{RIGHTS}/read:users")
    assert (unknown.status_code, unknown.json["code"]) == (404, "not_found")


def test_the_ledger_tells_scopes_and_hosts(client: FlaskClient, life: Life, tenant: Tenant):
    ledger = Ledger(life.core.works)
    ledger.count_host(tenant.id, client.get(ONE).json["id"], "api.example.com", allowed=True)
    ledger.flush()
    found = client.get(RIGHTS).json
    assert [line["scope"] for line in found["data"]] == ["read:leads", "write:deals"]
    assert [(one["host"], one["used"], one["last_used_on"]) for one in found["hosts"]] == [
        ("api.example.com", 1, "2026-11-21")
    ]
    assert found["isolation"] == "sandboxed"
    assert found["next_cursor"] is None
