"""Moderation by REST and by the command line."""

import pytest

from geminicrm.app import create_app
from geminicrm.identity.permissions import SCOPES
from geminicrm.identity.tokens import create_token
from tests.unit.marketplace.conftest import sign_up
from tests.unit.marketplace.moderation.conftest import EXTENSION, Market

PLACE = f"/api/moderation/versions/{EXTENSION}/1.0.0"
OWN = f"/api/marketplace/extensions/{EXTENSION}"


@pytest.fixture
def ask(reviewed: Market, operator_token):
    client = create_app(core=reviewed.core).test_client()

    def call(method, path, token=operator_token, **body):
        headers = {"Authorization": f"Bearer {token}"}
        return client.open(path, method=method, headers=headers, json=body or None)

    return call


@pytest.fixture
def operator_token(reviewed: Market) -> str:
    with reviewed.core.works.write(reviewed.tenant.system()) as work:
        owner = reviewed.tenant.owner_id
        made = create_token(work, owner, "operator", frozenset(SCOPES), days=None)
    return made.secret


def test_the_whole_way_by_rest(reviewed: Market, ask):
    reviewed.publish()
    [waiting] = ask("GET", "/api/moderation/queue").get_json()["data"]
    assert (waiting["extension_id"], waiting["state"], waiting["first"]) == (
        EXTENSION, "pending", True,
    )  # fmt: skip
    assert ask("GET", PLACE).get_json()["permissions"] == ["read:leads"]
    assert ask("POST", f"{PLACE}/reject").status_code == 415
    assert ask("POST", f"{PLACE}/reject", reason="").status_code == 422
    assert ask("POST", f"{PLACE}/reject", reason="Vague.").get_json()["state"] == "rejected"
    assert ask("POST", f"{PLACE}/approve").get_json()["state"] == "listed"
    assert ask("POST", f"{PLACE}/approve").get_json()["code"] == "wrong_state"
    assert ask("POST", f"{PLACE}/quarantine", reason="Bad.").get_json()["state"] == "quarantined"
    assert ask("DELETE", f"{PLACE}/quarantine").get_json()["state"] == "listed"
    assert ask("POST", f"{OWN}/versions/1.0.0/yank", reason="Old.").get_json()["state"] == "yanked"
    assert ask("DELETE", f"{OWN}/versions/1.0.0/yank").get_json()["state"] == "listed"


def test_orders_and_advisories_by_rest(reviewed: Market, ask):
    reviewed.publish()
    given = ask("POST", "/api/moderation/kills", extension_id=EXTENSION, affected="*", reason="No.")
    assert given.status_code == 201
    [listed] = ask("GET", "/api/moderation/kills").get_json()["data"]
    assert listed["id"] == given.get_json()["id"]
    assert ask("DELETE", f"/api/moderation/kills/{listed['id']}").get_json()["lifted_at"]

    made = ask("POST", f"{OWN}/advisories", affected="*", severity="low", title="It is slow")
    assert made.status_code == 201
    [shown] = ask("GET", f"{OWN}/advisories").get_json()["data"]
    assert shown["title"] == "It is slow"
    assert ask("GET", "/api/advisories").get_json()["data"] == []
    other = f"/api/marketplace/extensions/other/advisories/{shown['id']}"
    assert ask("DELETE", other).get_json()["code"] == "unknown_notice"
    assert ask("DELETE", f"{OWN}/advisories/{shown['id']}").status_code == 204


def test_who_does_not_operate_is_refused(reviewed: Market, ask):
    reviewed.publish()
    token = reviewed.tenant.token
    assert ask("GET", "/api/moderation/queue", token).status_code == 403
    assert ask("GET", PLACE, token).status_code == 403
    assert ask("POST", f"{PLACE}/approve", token).status_code == 403
    assert ask("POST", "/api/moderation/kills", token, extension_id="a", affected="*",
               reason="No.").status_code == 403  # fmt: skip
    assert ask("GET", "/moderation", token).status_code == 403


@pytest.fixture
def market_at_hand(core, tenant, author):
    sign_up(core, tenant)
    made = Market(core, tenant, author)
    made.publish()
    return made


def test_the_whole_way_by_commands(market_at_hand, terminal):
    assert "Nothing waits." in terminal("moderate", "queue").out
    yanked = terminal("ext", "yank", EXTENSION, "1.0.0", "--reason", "Old.", "--json")
    assert yanked.json()["state"] == "yanked"
    assert "is offered again" in terminal("ext", "yank", EXTENSION, "1.0.0", "--undo").out
    out = terminal("moderate", "quarantine", EXTENSION, "1.0.0", "--reason", "Bad.").out
    assert "is taken out" in out
    assert market_at_hand.state() == "quarantined"
    assert "is listed again" in terminal("moderate", "quarantine", EXTENSION, "1.0.0", "--undo").out
    killed = terminal("moderate", "kill", EXTENSION, "<2", "--reason", "Bad.", "--json").json()
    assert "is lifted" in terminal("moderate", "lift", killed["id"]).out
    warned = terminal("moderate", "advise", EXTENSION, "*", "--title", "Slow", "--json").json()
    assert "is withdrawn" in terminal("moderate", "withdraw", warned["id"]).out
    wrong = terminal("moderate", "approve", EXTENSION, "1.0.0")
    assert (wrong.code, "1.0.0 is listed" in wrong.err) == (1, True)
    refused = terminal("moderate", "reject", EXTENSION, "1.0.0", "--reason", "Late.")
    assert refused.code == 1
