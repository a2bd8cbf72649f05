"""The change feed: whole, in order, and nobody sees what they may not."""

from typing import Any

import pytest
from flask import Flask

from geminicrm.app import Core, create_app
from geminicrm.identity.tokens import create_token
from geminicrm.kernel.clock import FixedClock
from geminicrm.kernel.jobs.care import Care
from geminicrm.kernel.jobs.retention import EVENT_DAYS
from geminicrm.kernel.relay import Relay
from tests.support.core import Tenant, make_tenant


@pytest.fixture
def core(both_cores: Core) -> Core:
    """Give a core on each engine."""
    return both_cores


@pytest.fixture
def tenant(core: Core) -> Tenant:
    return make_tenant(core, "north")


@pytest.fixture
def app(core: Core) -> Flask:
    return create_app(core=core)


def place(core: Core) -> None:
    """Give what has happened its positions, as the worker does."""
    relay = Relay(core.works, (), core.metrics)
    while relay.step():
        continue


def ask(app: Flask, tenant: Tenant, status: int = 200, **query: Any) -> Any:
    answer = app.test_client().get("/api/events", query_string=query, headers=tenant.headers())
    assert answer.status_code == status, answer.json
    return answer.json


def lead(core: Core, tenant: Tenant, name: str) -> str:
    return str(core.crm.leads.create(tenant.owner(), {"last_name": name})["id"])


def test_the_feed_goes_on_from_where_it_was_left(core: Core, tenant: Tenant, app: Flask):
    made = [lead(core, tenant, f"Lead {number}") for number in range(5)]
    assert ask(app, tenant) == {"data": [], "next_after": 0}, "nothing has a position yet"
    place(core)
    first = ask(app, tenant, limit=2)
    assert [one["data"]["id"] for one in first["data"]] == made[:2]
    assert [one["position"] for one in first["data"]] == [1, 2]
    assert first["next_after"] == 2
    rest = ask(app, tenant, after=2)
    assert [one["data"]["id"] for one in rest["data"]] == made[2:]
    assert ask(app, tenant, after=rest["next_after"]) == {"data": [], "next_after": 5}
    made.append(lead(core, tenant, "Late"))
    place(core)
    assert [one["data"]["id"] for one in ask(app, tenant, after=5)["data"]] == made[-1:]


def test_what_others_have_moves_the_end_but_is_not_shown(core: Core, tenant: Tenant, app: Flask):
    south = make_tenant(core, "south")
    lead(core, south, "Theirs")
    place(core)
    assert ask(app, tenant) == {"data": [], "next_after": 1}


def test_types_choose_and_unknown_ones_are_named(core: Core, tenant: Tenant, app: Flask):
    identifier = lead(core, tenant, "Byron")
    core.crm.leads.update(tenant.owner(), identifier, {"title": "Countess"})
    core.crm.contacts.create(tenant.owner(), {"last_name": "Byron"})
    place(core)
    told = ask(app, tenant, types="lead.updated, contact.*")
    assert [one["type"] for one in told["data"]] == ["lead.updated", "contact.created"]
    wrong = ask(app, tenant, 422, types="planet.born,lead.*")
    assert [one["pointer"] for one in wrong["errors"]] == ["/types"]
    assert "planet.born" in wrong["detail"]


def test_a_token_is_told_what_it_may_read(core: Core, tenant: Tenant, app: Flask):
    lead(core, tenant, "Byron")
    core.crm.contacts.create(tenant.owner(), {"last_name": "Byron"})
    place(core)
    with core.works.write(tenant.system()) as work:
        token = create_token(work, tenant.owner_id, "contacts", {"read:contacts"}, days=None)
    headers = {"Authorization": f"Bearer {token.secret}"}
    told = app.test_client().get("/api/events", headers=headers).json
    assert [one["type"] for one in told["data"]] == ["contact.created"]
    assert app.test_client().get("/api/events").status_code == 401


@pytest.mark.parametrize("after", ["-1", "x", "1.5", str(2**63), "9" * 40, "²"])
def test_a_position_that_is_none(tenant: Tenant, app: Flask, after: str):
    wrong = ask(app, tenant, 422, after=after)
    assert [one["pointer"] for one in wrong["errors"]] == ["/after"]


def test_a_position_that_nobody_has_given_out_yet(core: Core, tenant: Tenant, app: Flask):
    lead(core, tenant, "Byron")
    place(core)
    assert ask(app, tenant, after=2**63 - 1) == {"data": [], "next_after": 2**63 - 1}


def test_the_types_are_published(tenant: Tenant, app: Flask):
    client = app.test_client()
    found = client.get("/api/event-types", headers=tenant.headers()).json["data"]
    assert [one["type"] for one in found] == sorted(one["type"] for one in found)
    one = client.get("/api/event-types/deal.won", headers=tenant.headers()).json
    assert one["sample"]["data"]["status"] == "won"
    assert one["schema"]["properties"]["type"] == {"const": "deal.won"}
    gone = client.get("/api/event-types/deal.forgotten", headers=tenant.headers())
    assert gone.status_code == 404


def prune(core: Core) -> None:
    """Remove what was kept long enough, as the worker does."""
    Care(core.works, "a test").sweep()


def test_who_was_away_for_too_long_is_told_to_read_anew(
    core: Core, tenant: Tenant, app: Flask, clock: FixedClock
):
    for number in range(3):
        lead(core, tenant, f"Old {number}")
    place(core)
    assert ask(app, tenant, after=1)["next_after"] == 3
    clock.advance(EVENT_DAYS * 86_400 + 1)
    kept = lead(core, tenant, "New")
    place(core)
    prune(core)
    said = ask(app, tenant, 410, after=1)
    assert (said["code"], said["after"]) == ("gone", 3)
    assert said["detail"].endswith("Read the records anew, then go on with after=3.")
    for after in ({}, {"after": 0}, {"after": said["after"]}):
        (event,) = ask(app, tenant, **after)["data"]
        assert (event["data"]["id"], event["position"]) == (kept, 4)


def test_who_has_seen_all_that_was_removed_goes_on(
    core: Core, tenant: Tenant, app: Flask, clock: FixedClock
):
    lead(core, tenant, "Old")
    place(core)
    clock.advance(EVENT_DAYS * 86_400 + 1)
    prune(core)
    assert ask(app, tenant, after=1) == {"data": [], "next_after": 1}
    assert ask(app, tenant) == {"data": [], "next_after": 1}
