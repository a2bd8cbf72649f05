"""/api/removals, from outside."""

import pytest
from flask.testing import FlaskClient

from geminicrm.runtime.install.drafting import Outcome
from tests.support.core import Tenant
from tests.support.life import ALL, HELLO, Life
from tests.support.life_app import life_app

ROOT = "/api/removals"


@pytest.fixture
def client(life: Life, tenant: Tenant) -> FlaskClient:
    """Give a program that has installed the extension and uninstalled it again."""
    made = life_app(life).test_client()
    made.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {tenant.token}"
    life.cycle.install(tenant.owner(), ALL)
    return made


def removed(client: FlaskClient) -> str:
    gone = client.delete(f"/api/installations/{HELLO}?data=purge").json
    assert gone["removal_id"].startswith("rem_")
    return str(gone["removal_id"])


def test_what_was_removed_is_listed_and_comes_back(client: FlaskClient, life: Life):
    assert client.get(ROOT).json == {"data": [], "next_cursor": None}
    removal_id = removed(client)
    (listed,) = client.get(ROOT).json["data"]
    assert (listed["id"], listed["extension_id"], listed["data"]) == (removal_id, HELLO, "purge")
    back = client.post(f"{ROOT}/{removal_id}/restore")
    assert back.status_code == 200
    assert (back.json["extension_id"], back.json["live"]) == (HELLO, True)
    assert client.post(f"{ROOT}/{removal_id}/restore").status_code == 404
    life.live.answer = False
    assert client.post(f"{ROOT}/{removed(client)}/restore").status_code == 202


def test_it_is_deleted_for_good(client: FlaskClient):
    removal_id = removed(client)
    assert client.delete(f"{ROOT}/{removal_id}").status_code == 204
    assert client.delete(f"{ROOT}/{removal_id}").status_code == 404
    assert client.get(ROOT).json["data"] == []


def test_why_it_can_not_come_back_is_told(client: FlaskClient, life: Life, tenant: Tenant):
    removal_id = removed(client)
    life.cycle.install(tenant.owner(), ALL)
    refused = client.post(f"{ROOT}/{removal_id}/restore")
    assert (refused.status_code, refused.json["code"]) == (409, "installed_anew")
    life.cycle.uninstall(tenant.owner(), HELLO)
    life.runner.installing = lambda _actor, _draft: Outcome(success=False, message="No licence.")
    failed = client.post(f"{ROOT}/{removal_id}/restore")
    assert (failed.status_code, failed.json["step"]) == (422, "mount")
