"""Who may do what with endpoints: scopes, the types one may be told of, workspaces."""

import pytest

from geminicrm.identity.tokens import create_token
from tests.support.core import Tenant, make_tenant

ADDRESS = "https://93.184.216.34/in"
PATH = "/webhook-endpoints"
WISH = {"url": ADDRESS, "events": ["lead.*"]}


def pointers(answer):
    return [(one["pointer"], one["code"]) for one in answer.json["errors"]]


@pytest.fixture
def token(core, north):
    """Give a program with a token of some scopes."""

    def token(*scopes):
        with core.works.write(north.system()) as work:
            secret = create_token(work, north.owner_id, "few", frozenset(scopes), None).secret
        return Tenant(north.id, north.owner_id, north.email, secret)

    return token


def test_nobody_sends_away_what_they_may_not_read(rest, token, make):
    few = token("manage:webhooks", "read:webhooks", "read:deals")
    assert rest("POST", PATH, few, json={**WISH, "events": ["deal.won"]}).status_code == 201
    wrong = rest("POST", PATH, few, json={**WISH, "events": ["deal.won", "lead.*", "*"]})
    assert pointers(wrong) == [("/events/1", "scope_missing"), ("/events/2", "scope_missing")]
    theirs = make().endpoint["id"]
    moved = rest("PATCH", f"{PATH}/{theirs}", few, json={"url": f"{ADDRESS}/mine"})
    assert pointers(moved) == [("/events/0", "scope_missing")]


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "", "read:webhooks"),
        ("POST", "", "manage:webhooks"),
        ("GET", "/whe_1", "read:webhooks"),
        ("PATCH", "/whe_1", "manage:webhooks"),
        ("DELETE", "/whe_1", "manage:webhooks"),
        ("POST", "/whe_1/rotate-secret", "manage:webhooks"),
        ("POST", "/whe_1/ping", "manage:webhooks"),
        ("POST", "/whe_1/pause", "manage:webhooks"),
        ("POST", "/whe_1/enable", "manage:webhooks"),
    ],
)
def test_every_door_asks_for_its_scope(rest, token, method, path, scope):
    answer = rest(method, f"{PATH}{path}", token("read:leads"), json=WISH)
    assert (answer.status_code, answer.json["scope"]) == (403, scope)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "/rotate-secret"),
        ("POST", "/ping"),
        ("POST", "/pause"),
        ("POST", "/enable"),
    ],
)
def test_another_workspace_sees_nothing(rest, core, make, method, path):
    south = make_tenant(core, "south")
    theirs = make().endpoint["id"]
    answer = rest(method, f"{PATH}/{theirs}{path}", south, json={})
    assert answer.status_code == 404
    assert rest("GET", PATH, south).json["data"] == []
