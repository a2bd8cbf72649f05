"""/api/integrations and /api/test-integration, as programs meet them."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from geminicrm.app import Core, create_app
from geminicrm.connections.models import Connection
from geminicrm.identity.tokens import create_token
from geminicrm.kernel.audit import AuditEntry
from tests.support.core import Tenant, make_tenant

KEY = "sk_test_of_north_0123456789"
LIST = "/api/integrations"


@pytest.fixture
def stripe(open_built_in):
    return open_built_in("stripe")


@pytest.fixture
def app(stripe) -> Flask:
    return create_app(core=stripe.core)


def call(
    app: Flask, tenant: Tenant, method: str, path: str, status: int = 200, **options: Any
) -> Any:
    headers = {**options.pop("as_whom", tenant.headers()), **options.pop("headers", {})}
    answer = app.test_client().open(path, method=method, headers=headers, **options)
    assert answer.status_code == status, answer.text
    return answer.json


def holding(core: Core, tenant: Tenant, *scopes: str) -> dict[str, str]:
    with core.works.write(tenant.system()) as work:
        token = create_token(work, tenant.owner_id, "test", frozenset(scopes), days=None)
    return {"Authorization": f"Bearer {token.secret}"}


def connect(app, stripe, status: int = 201, **given: Any) -> Any:
    body = {"service": "stripe", "config": {"api_key": KEY}, **given}
    return call(app, stripe.tenant, "POST", LIST, status, json=body)


def test_a_connection_never_shows_its_secret(app, stripe):
    made = connect(app, stripe, name="North", environment="test")
    assert made["config"] == {
        "api_key": None,
        "webhook_secret": None,
        "previous_webhook_secret": None,
        "publishable_key": None,
        "base_url": "https://api.stripe.com",
    }
    assert made["sources"] == {"api_key": "connection", "base_url": "default"}
    assert (made["service"], made["name"], made["owner"]) == ("stripe", "North", "workspace")
    assert (made["is_active"], made["status"], made["last_error"]) == (True, "untested", None)
    assert made["hints"] == {"api_key": "6789"}
    (listed,) = call(app, stripe.tenant, "GET", LIST)["data"]
    assert listed == made
    assert call(app, stripe.tenant, "GET", f"{LIST}/{made['id']}") == made
    with stripe.core.works.read(stripe.tenant.system()) as work:
        told = [one.changes for one in work.session.scalars(select(AuditEntry))]
        assert KEY not in str(told)
        assert KEY not in str(work.session.get_one(Connection, made["id"]).secrets)


def test_what_was_shown_can_be_sent_back(app, stripe):
    made = connect(app, stripe)
    sent = {**made, "name": "Renamed", "is_active": False}
    changed = call(app, stripe.tenant, "PUT", f"{LIST}/{made['id']}", json=sent)
    assert (changed["name"], changed["is_active"]) == ("Renamed", False)
    assert changed["sources"] == made["sources"]
    assert changed["hints"] == {"api_key": "6789"}


def test_secrets_are_replaced_and_taken_away(app, stripe):
    path = f"{LIST}/{connect(app, stripe)['id']}"
    given = {"api_key": "sk_test_another_abcdef", "webhook_secret": "whsec_0123456789"}
    changed = call(app, stripe.tenant, "PUT", path, json={"config": given})
    assert changed["hints"] == {"api_key": "cdef", "webhook_secret": "6789"}
    cleared = call(app, stripe.tenant, "PUT", path, json={"clear": ["webhook_secret"]})
    assert cleared["hints"] == {"api_key": "cdef"}
    refused = call(app, stripe.tenant, "PUT", path, 422, json={"clear": ["api_key"]})
    assert refused["errors"][0]["pointer"] == "/config/api_key"


def test_a_connection_that_somebody_else_changed(app, stripe):
    made = connect(app, stripe)
    path, stale = f"{LIST}/{made['id']}", {"If-Match": f'"{made["version"]}"'}
    call(app, stripe.tenant, "PUT", path, json={"name": "One"}, headers=stale)
    refused = call(app, stripe.tenant, "PUT", path, 412, json={"name": "Two"}, headers=stale)
    assert refused["code"] == "precondition_failed"


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, ["/service"]),
        ({"service": "stripe", "config": {}}, ["/config/api_key"]),
        ({"service": "stripe", "config": []}, ["/config"]),
        ({"service": "stripe", "config": {"api_key": KEY, "key": 1}}, ["/config/key"]),
        ({"service": "hello-routes"}, ["/service"]),
        ({"service": "stripe", "way": "x", "environment": "y"}, ["/environment", "/way"]),
        ({"service": 7, "owner": "usr_other", "a": 1}, ["/a", "/service", "/owner"]),
        ({"service": "stripe", "name": "n" * 121}, ["/name"]),
    ],
)
def test_wrong_wishes(app, stripe, body, pointers):
    refused = call(app, stripe.tenant, "POST", LIST, 422, json=body)
    assert [one["pointer"] for one in refused["errors"]] == pointers


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"is_active": "no"}, "/is_active"),
        ({"clear": "api_key"}, "/clear"),
        ({"secret": 1}, "/secret"),
        ({"name": "n" * 121}, "/name"),
    ],
)
def test_wrong_changes(app, stripe, body, pointer):
    path = f"{LIST}/{connect(app, stripe)['id']}"
    refused = call(app, stripe.tenant, "PUT", path, 422, json=body)
    assert [one["pointer"] for one in refused["errors"]] == [pointer]


def test_lists_have_pages(app, stripe):
    ids = [connect(app, stripe)["id"] for _ in range(3)]
    first = call(app, stripe.tenant, "GET", f"{LIST}?limit=2&service=stripe&status=untested")
    assert [one["id"] for one in first["data"]] == ids[:2]
    rest = call(app, stripe.tenant, "GET", f"{LIST}?limit=2&cursor={first['next_cursor']}")
    assert ([one["id"] for one in rest["data"]], rest["next_cursor"]) == (ids[2:], None)
    of_type = call(app, stripe.tenant, "GET", f"{LIST}?type=payments")["data"]
    assert {tuple(one["types"]) for one in of_type} == {("payments",)}
    assert call(app, stripe.tenant, "GET", f"{LIST}?type=email")["data"] == []
    call(app, stripe.tenant, "GET", f"{LIST}?status=odd", 422)
    call(app, stripe.tenant, "GET", f"{LIST}?cursor=WyJjcmVhdGVkX2F0IiwieCIsInkiXQ", 422)


def test_another_workspace_sees_nothing_of_it(app, stripe):
    made = connect(app, stripe)
    south = make_tenant(stripe.core, "south")
    assert call(app, south, "GET", LIST)["data"] == []
    for method, path in (
        ("GET", f"{LIST}/{made['id']}"),
        ("PUT", f"{LIST}/{made['id']}"),
        ("DELETE", f"{LIST}/{made['id']}"),
        ("POST", f"/api/test-integration/{made['id']}"),
    ):
        assert call(app, south, method, path, 404, json={})["code"] == "not_found"


def test_accounts_of_ones_own(app, stripe):
    core, tenant = stripe.core, stripe.tenant
    own = {"as_whom": holding(core, tenant, "read:integrations", "connect:accounts")}
    body = {"service": "stripe", "config": {"api_key": KEY}}
    refused = call(app, tenant, "POST", LIST, 403, json=body, **own)
    assert refused["scope"] == "manage:integrations"
    made = call(app, tenant, "POST", LIST, 201, json={**body, "owner": "me"}, **own)
    assert made["owner"] == tenant.owner_id
    path = f"{LIST}/{made['id']}"
    elsewhere = {"config": {"base_url": "https://elsewhere.example"}}
    told = call(app, tenant, "PUT", path, 403, json=elsewhere, **own)
    assert "Address of the API" in told["detail"]
    same = {"config": {"base_url": "https://api.stripe.com"}}
    call(app, tenant, "PUT", path, json=same, **own)
    reader = {"as_whom": holding(core, tenant, "read:integrations")}
    call(app, tenant, "DELETE", path, 403, **reader)
    call(app, tenant, "DELETE", path, 204, **own)
    call(app, tenant, "GET", LIST, 403, as_whom=holding(core, tenant, "read:leads"))


def test_a_test_that_succeeds(app, stripe, outside):
    outside.answers = [(200, {"livemode": False})]
    made = connect(app, stripe, config={"api_key": KEY, "base_url": outside.url})
    found = call(app, stripe.tenant, "POST", f"/api/test-integration/{made['id']}")
    assert found["status"] == "connected"
    assert [(one["name"], one["ok"]) for one in found["stages"]] == [
        ("resolve", True),
        ("connect", True),
        ("sign-in", True),
        ("scopes", True),
    ]
    shown = call(app, stripe.tenant, "GET", f"{LIST}/{made['id']}")
    assert (shown["status"], shown["account"], shown["environment"]) == (
        "connected",
        "Stripe",
        "test",
    )
    assert shown["version"] == made["version"]
    assert shown["tested_at"] == shown["last_ok_at"]


def test_disconnecting(app, stripe):
    path = f"{LIST}/{connect(app, stripe)['id']}"
    call(app, stripe.tenant, "DELETE", path, 204)
    call(app, stripe.tenant, "GET", path, 404)
