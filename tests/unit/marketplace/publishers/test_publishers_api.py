"""Publishers over HTTP: the whole round, and what is refused with which code."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from geminicrm.app import Core, create_app
from geminicrm.identity.tokens import create_token
from marketplace.signing.keys import SigningKey
from tests.support.core import Tenant, make_tenant
from tests.unit.marketplace.conftest import Author
from tests.unit.marketplace.test_market_api import upload

PATH = "/api/publishers"
ACME = {"slug": "acme", "name": "Acme", "kind": "organisation"}


@pytest.fixture
def core(both_cores: Core) -> Core:
    """Give a core without any publisher, once on each engine."""
    return both_cores


@pytest.fixture
def app(core: Core) -> Flask:
    """Give the whole application."""
    return create_app(core=core)


@pytest.fixture
def call(client: FlaskClient, tenant: Tenant):
    """Give a function that calls as the owner: status and body."""

    def ask(method: str, path: str = "", token: str | None = None, **body: Any) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {token}"} if token else tenant.headers()
        answer = client.open(f"{PATH}{path}", method=method, json=body or None, headers=headers)
        return answer.status_code, answer.get_json(silent=True)

    return ask


@pytest.fixture
def acme(call) -> dict[str, Any]:
    """Sign up."""
    status, made = call("POST", **ACME)
    assert status == 201
    return made


def test_signing_up(call, acme):
    assert (acme["slug"], acme["role"], acme["verified"]) == ("acme", "owner", False)
    assert call("GET") == (200, {"data": [acme], "next_cursor": None})
    assert call("GET", "/acme") == (200, acme)
    assert call("GET", "/nobody")[0] == 404
    assert call("POST", **ACME)[1]["code"] == "slug_taken"
    assert call("POST", **{**ACME, "slug": "core"})[0] == 422
    assert call("POST", **{**ACME, "more": 1})[0] == 422
    assert call("PATCH", "/acme", name="Acme Tools")[1]["name"] == "Acme Tools"


@pytest.mark.usefixtures("acme")
def test_members(call, core: Core, tenant: Tenant):
    other = make_tenant(core, "south")
    status, added = call("POST", "/acme/members", email=other.email)

    assert (status, added["role"]) == (201, "maintainer")
    assert len(call("GET", "/acme/members")[1]["data"]) == 2
    assert call("GET", "/acme/members", other.token)[0] == 200
    assert call("POST", "/acme/members", other.token, email=tenant.email)[1]["code"] == (
        "not_a_member"
    )
    assert call("DELETE", f"/acme/members/{other.owner_id}") == (204, None)
    assert call("GET", "/acme/members", other.token)[0] == 403
    assert call("DELETE", f"/acme/members/{tenant.owner_id}")[0] == 409


@pytest.mark.usefixtures("acme")
def test_keys(call):
    key = SigningKey.make()
    status, added = call("POST", "/acme/keys", name="Laptop", public=key.public)

    assert (status, added["id"], added["revoked_at"]) == (201, key.id, None)
    assert call("GET", "/acme/keys")[1]["data"] == [added]
    assert call("POST", "/acme/keys", name="Laptop", public="x")[1]["code"] == "key_invalid"
    assert call("DELETE", f"/acme/keys/{key.id}")[1]["revoked_at"] is not None


@pytest.mark.usefixtures("acme")
def test_a_publishing_token_publishes_and_nothing_else(
    call, client: FlaskClient, tenant: Tenant, author: Author
):
    status, made = call("POST", "/acme/tokens", name="CI", extension_id="deal-insights")
    bot = Tenant(tenant.id, tenant.owner_id, tenant.email, made["token"])

    assert status == 201
    published = upload(client, bot, author.package()).get_json()
    assert (published["id"], published["signed_by"]) == ("deal-insights", None)
    assert upload(client, bot, author.package("mail-sync")).get_json()["code"] == "token_bound"
    assert call("GET", "/acme/keys", made["token"])[1]["code"] == "token_bound"
    assert call("GET", "/acme/tokens")[1]["data"][0]["extension_id"] == "deal-insights"
    assert "token" not in call("GET", "/acme/tokens")[1]["data"][0]
    assert call("DELETE", f"/acme/tokens/{made['id']}")[0] == 204
    assert upload(client, bot, author.package(version="9.0.0")).status_code == 401


@pytest.fixture
def operator_token(core: Core, tenant: Tenant) -> str:
    """Give a token of the first user, who operates the installation."""
    with core.works.write(tenant.system()) as work:
        scopes = ["operate:instance", "publish:extensions"]
        return create_token(work, tenant.owner_id, "operator", scopes, days=None).secret


@pytest.mark.usefixtures("acme")
def test_what_operators_do(call, core: Core, tenant: Tenant, author: Author, operator_token: str):
    core.registry.publish(tenant.owner(), author.package())
    call("POST", token=make_tenant(core, "south").token, slug="bolt", name="Bolt")

    assert call("PUT", "/acme/verified", verified=True)[1]["code"] == "scope_missing"
    assert call("PUT", "/acme/verified", operator_token, verified=True)[1]["verified"] is True
    assert call("POST", "/bolt/extensions", extension_id="deal-insights")[0] == 403
    moved = call("POST", "/bolt/extensions", operator_token, extension_id="deal-insights")
    assert moved[1]["extensions"] == 1
    assert core.registry.get(tenant.owner(), "deal-insights")[0].publisher == "Bolt"
