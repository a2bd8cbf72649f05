"""/api/installations, from outside."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from geminicrm.app import Core
from geminicrm.identity.permissions import ROLES
from geminicrm.identity.tokens import create_token
from geminicrm.runtime.consent import InstallRequest
from geminicrm.runtime.ledger import Ledger
from tests.support.core import Tenant
from tests.support.life import HELLO, Life, files, zipped
from tests.support.life_app import life_app

ROOT = "/api/installations"
GOOD = {"extension_id": HELLO, "grant": "requested"}
SETTINGS = [
    {"id": "greeting", "type": "text", "label": "Greeting", "default": "Hi"},
    {"id": "api_key", "type": "password", "label": "API key"},
]


@pytest.fixture
def app(life: Life) -> Flask:
    return life_app(life)


@pytest.fixture
def client(app: Flask, tenant: Tenant) -> FlaskClient:
    made = app.test_client()
    made.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {tenant.token}"
    return made


def token_with(core: Core, tenant: Tenant, *scopes: str) -> dict[str, str]:
    with core.works.write(tenant.system()) as work:
        token = create_token(work, tenant.owner_id, "narrow", scopes, days=None)
    return {"Authorization": f"Bearer {token.secret}"}


def test_plan_consent_install_read(client: FlaskClient, life: Life):
    life.shelf.put(zipped(files(settings=SETTINGS)))
    plan = client.post(f"{ROOT}/plan", json={"extension_id": HELLO})
    assert plan.status_code == 200
    assert plan.json["scopes"][0]["scope"] == "read:leads"
    assert plan.json["isolation"] == "in-process"

    asked = client.post(ROOT, json={"extension_id": HELLO})
    assert asked.status_code == 409
    assert asked.mimetype == "application/problem+json"
    assert asked.json["code"] == "consent_required"
    assert asked.json["plan"] == plan.json

    made = client.post(ROOT, json=GOOD)
    assert made.status_code == 201
    assert made.headers["Location"] == f"{ROOT}/{HELLO}"
    expected = {
        "extension_id": HELLO,
        "version": "1.0.0",
        "enabled": True,
        "status": "enabled",
        "isolation": "in-process",
        "granted": ["read:leads"],
        "settings": {"greeting": "Hi", "api_key": None},
    }
    assert expected.items() <= made.json.items()
    assert next(each["step"] for each in made.json["steps"]) == "fetch"

    listed = client.get(ROOT).json
    assert [one["extension_id"] for one in listed["data"]] == [HELLO]
    assert listed["next_cursor"] is None
    one = client.get(f"{ROOT}/{HELLO}")
    assert one.headers["ETag"] == '"1"'
    assert one.json["live"] is True


def test_change_and_remove(client: FlaskClient, life: Life):
    life.shelf.put(zipped(files(settings=SETTINGS)))
    client.post(ROOT, json=GOOD)
    changed = client.patch(
        f"{ROOT}/{HELLO}", json={"enabled": False, "settings": {"api_key": "s3cret"}}
    )
    assert changed.status_code == 200
    assert changed.json["enabled"] is False
    assert changed.json["settings"]["api_key"] is None
    assert changed.json["secrets_set"] == ["api_key"]
    assert "s3cret" not in changed.text
    assert client.patch(f"{ROOT}/{HELLO}", json={"enabled": True}).json["status"] == "enabled"

    removed = client.delete(f"{ROOT}/{HELLO}")
    assert removed.status_code == 200
    assert removed.json["kept"] is True
    assert client.get(f"{ROOT}/{HELLO}").status_code == 404
    assert client.get(f"{ROOT}/{HELLO}").json["code"] == "not_installed"


def test_slow_workers_answer_202(client: FlaskClient, life: Life):
    life.live.answer = False
    assert client.post(ROOT, json=GOOD).status_code == 202
    assert client.get(f"{ROOT}/{HELLO}").json["live"] is False
    assert client.patch(f"{ROOT}/{HELLO}", json={"enabled": False}).status_code == 202
    assert client.delete(f"{ROOT}/{HELLO}?data=purge").status_code == 202


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, ["/extension_id"]),
        ({**GOOD, "grant": "everything"}, ["/grant"]),
        ({**GOOD, "grant": [1]}, ["/grant"]),
        ({**GOOD, "grant": ["write:deals"]}, ["/grant/0", "/grant"]),
        ({**GOOD, "colour": 1, "version": 2}, ["/version", "/colour"]),
        ([], [""]),
    ],
)
def test_wrong_bodies_name_every_place(client: FlaskClient, body: Any, pointers: list[str]):
    answer = client.post(ROOT, json=body)
    assert answer.status_code == 422
    found = [each["pointer"] for each in answer.json["errors"]]
    assert set(pointers) <= set(found)


def test_third_party_code_needs_trust(client: FlaskClient, life: Life):
    life.shelf.put(zipped(files()), built_in=False, signed=True)
    answer = client.post(ROOT, json=GOOD)
    assert answer.status_code == 409
    assert answer.json["code"] == "trust_required"
    assert answer.json["plan"]["trust_required"] is True
    made = client.post(ROOT, json={**GOOD, "trust": HELLO})
    assert made.json["isolation"] == "unsandboxed"


def test_a_failure_names_extension_step_and_place(client: FlaskClient, life: Life):
    life.shelf.put(zipped(files(colour="red")))
    answer = client.post(ROOT, json=GOOD)
    assert answer.status_code == 422
    assert answer.json["code"] == "install_failed"
    assert answer.json["extension_id"] == HELLO
    assert answer.json["step"] == "validate"
    assert answer.json["place"] == "manifest.json"
    assert answer.json["errors"][0]["pointer"] == "/colour"


def test_wrong_settings_point_into_the_body(client: FlaskClient, life: Life):
    life.shelf.put(zipped(files(settings=SETTINGS)))
    client.post(ROOT, json=GOOD)
    answer = client.patch(f"{ROOT}/{HELLO}", json={"settings": {"greeting": 1}})
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == "/settings/greeting"


def test_an_empty_change_and_an_odd_removal_are_refused(client: FlaskClient):
    client.post(ROOT, json=GOOD)
    assert client.patch(f"{ROOT}/{HELLO}", json={}).json["errors"][0]["code"] == "nothing_to_change"
    answer = client.delete(f"{ROOT}/{HELLO}?data=some")
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == "/data"
    assert client.get(f"{ROOT}/{HELLO}").status_code == 200


def test_the_ledger_counts_use_and_refusals(client: FlaskClient, life: Life, tenant: Tenant):
    life.shelf.put(zipped(files(optional_permissions=["write:deals"])))
    installation = client.post(ROOT, json=GOOD).json["id"]
    ledger = Ledger(life.core.works)
    ledger.count(tenant.id, installation, "read:leads", allowed=True)
    ledger.count(tenant.id, installation, "read:leads", allowed=True)
    ledger.count(tenant.id, installation, "write:leads", allowed=False)
    ledger.flush()
    lines = {line["scope"]: line for line in client.get(f"{ROOT}/{HELLO}/permissions").json["data"]}
    assert list(lines) == ["read:leads", "write:deals", "write:leads"]
    assert (lines["read:leads"]["used"], lines["read:leads"]["granted"]) == (2, True)
    assert lines["read:leads"]["last_used_at"] == "2026-11-21T09:00:00.000000Z"
    assert (lines["write:deals"]["optional"], lines["write:deals"]["used"]) == (True, 0)
    assert (lines["write:leads"]["refused"], lines["write:leads"]["granted"]) == (1, False)


def test_scopes_guard_every_door(app: Flask, life: Life, tenant: Tenant):
    life.cycle.install(tenant.owner(), InstallRequest(extension_id=HELLO, grant="requested"))
    anybody = app.test_client()
    assert anybody.get(ROOT).status_code == 401
    reader = token_with(life.core, tenant, "read:extensions")
    assert anybody.get(ROOT, headers=reader).status_code == 200
    for answer in (
        anybody.post(ROOT, json=GOOD, headers=reader),
        anybody.post(f"{ROOT}/plan", json={"extension_id": HELLO}, headers=reader),
        anybody.patch(f"{ROOT}/{HELLO}", json={"enabled": False}, headers=reader),
        anybody.delete(f"{ROOT}/{HELLO}", headers=reader),
        anybody.patch(f"{ROOT}/{HELLO}", json={"trusted": True, "trust": HELLO}, headers=reader),
        anybody.patch(f"{ROOT}/{HELLO}/permissions", json={"granted": []}, headers=reader),
        anybody.delete(f"{ROOT}/{HELLO}/permissions/read:leads", headers=reader),
    ):
        assert answer.status_code == 403
        assert answer.json["scope"] == "manage:extensions"
    other = token_with(life.core, tenant, "read:leads")
    assert anybody.get(f"{ROOT}/{HELLO}/permissions", headers=other).status_code == 403
    assert "manage:extensions" in ROLES["admin"]


def test_the_log_of_an_installation(client: FlaskClient, life: Life):
    made = client.post(ROOT, json=GOOD).json
    for number in range(3):
        life.core.runtime.logs.write(made["id"], "info", "log", f"line {number}", {"n": number})
    answer = client.get(f"{ROOT}/{HELLO}/logs")
    assert answer.json["next_cursor"] is None
    assert [line["message"] for line in answer.json["data"]] == ["line 0", "line 1", "line 2"]
    (last,) = client.get(f"{ROOT}/{HELLO}/logs?lines=1").json["data"]
    assert (last["level"], last["source"], last["fields"]) == ("info", "log", {"n": 2})


@pytest.mark.parametrize("lines", ["0", "1001", "-1", "1e2", "\u0663", "99999999999999999999"])
def test_a_number_of_lines_is_checked(client: FlaskClient, lines: str):
    client.post(ROOT, json=GOOD)
    answer = client.get(f"{ROOT}/{HELLO}/logs", query_string={"lines": lines})
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == "/lines"


def test_the_log_needs_a_permission(client: FlaskClient, core: Core, tenant: Tenant):
    client.post(ROOT, json=GOOD)
    narrow = token_with(core, tenant, "read:leads")
    assert client.get(f"{ROOT}/{HELLO}/logs", headers=narrow).status_code == 403
    assert client.get(f"{ROOT}/other/logs").status_code == 404


def test_upgrade_rollback_and_the_versions(client: FlaskClient, life: Life):
    client.post(ROOT, json=GOOD)
    one = f"{ROOT}/{HELLO}"
    life.shelf.put(
        zipped(files(version="1.1.0", permissions=["read:leads", "write:leads"])), version="1.1.0"
    )
    asked = client.post(f"{one}/upgrade", json={})
    assert (asked.status_code, asked.json["code"]) == (409, "consent_required")
    assert asked.json["plan"]["version"] == "1.1.0"
    done = client.post(f"{one}/upgrade", json={"version": "1.1.0", "grant": "requested"})
    assert (done.status_code, done.json["version"]) == (200, "1.1.0")
    assert done.json["watch"]["version"] == "1.0.0"
    assert [each["step"] for each in done.json["steps"]][-1] == "switch"
    again = client.post(f"{one}/upgrade", json={})
    assert (again.status_code, again.json["code"]) == (409, "not_newer")
    back = client.post(f"{one}/rollback", json={})
    assert (back.status_code, back.json["version"]) == (200, "1.0.0")
    found = client.get(f"{one}/versions").json["data"]
    assert [(each["version"], each["current"], each["can_roll_back"]) for each in found] == [
        ("1.0.0", True, False),
        ("1.1.0", False, True),
        ("1.0.0", False, False),
    ]
    life.live.answer = False
    slow = client.post(f"{one}/rollback", json={"version": "1.1.0"})
    assert (slow.status_code, slow.json["live"]) == (202, False)
    assert client.post(f"{one}/rollback", json={"to": "1.0.0"}).status_code == 422
