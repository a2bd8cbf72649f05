"""The log of deliveries: narrowed, paged, one with its attempts, figures of a day."""

import json
from datetime import timedelta

import pytest

from geminicrm.identity.tokens import create_token
from geminicrm.webhooks.outgoing.models import Attempt
from geminicrm.webhooks.outgoing.questions import DeliveryQuestion
from tests.support.core import Tenant, make_tenant

PATH = "/webhook-deliveries"


@pytest.fixture
def log(make, deliver):
    """Give ids by name: two endpoints, deliveries of several types, states and days."""
    first, second = make().endpoint["id"], make().endpoint["id"]
    return {
        "first": first,
        "second": second,
        "old": deliver(first, age=timedelta(hours=30), state="delivered"),
        "ok": deliver(first, state="delivered", last_status=204),
        "lost": deliver(first, state="failed", last_error="Connection refused 50%"),
        "retrying": deliver(first, attempts=2, round_attempts=2, last_status=503),
        "waiting": deliver(second, type="deal.won", object_id="deal_1"),
        "missed": deliver(second, state="missed"),
    }


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["missed", "waiting", "retrying", "lost", "ok", "old"]),
        ("endpoint_id={second}", ["missed", "waiting"]),
        ("state=delivered", ["ok", "old"]),
        ("state=failed,missed", ["missed", "lost"]),
        ("state=queued", ["waiting", "retrying"]),
        ("state=retrying", ["retrying"]),
        ("type=deal.won", ["waiting"]),
        ("type=lead.*", ["missed", "retrying", "lost", "ok", "old"]),
        ("type=*&state=missed", ["missed"]),
        ("object_id=deal_1", ["waiting"]),
        ("since=2026-11-21T08:00:00Z&state=delivered", ["ok"]),
        ("until=2026-11-20T12:00:00%2B01:00", ["old"]),
        ("until=2026-11-20T12:00:00+01:00", ["old"]),
        ("q=refused 50%25", ["lost"]),
        ("q=REFUSED", ["lost"]),
        ("q={waiting}", ["waiting"]),
        ("q=deal_1", ["waiting"]),
        ("q=_", []),
    ],
)
def test_it_is_narrowed(rest, log, query, found):
    listed = rest("GET", f"{PATH}?{query.format(**log)}").json["data"]
    assert [one["id"] for one in listed] == [log[name] for name in found]


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("state=lost", "/state"),
        ("since=yesterday", "/since"),
        ("until=2026-11-21T08:00:00", "/until"),
        ("q=%00", "/q"),
        (f"type={'x' * 81}", "/type"),
        ("limit=0", "/limit"),
        ("cursor=x", "/cursor"),
    ],
)
def test_a_wrong_question_is_told(rest, query, pointer):
    answer = rest("GET", f"{PATH}?{query}")
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, pointer)


def test_it_goes_page_by_page(rest, log):
    first = rest("GET", f"{PATH}?limit=4&endpoint_id={log['first']}&state=delivered,failed").json
    assert first["next_cursor"] is None
    part = rest("GET", f"{PATH}?limit=2")
    assert 'rel="next"' in part.headers["Link"]
    left = rest("GET", f"{PATH}?limit=100&cursor={part.json['next_cursor']}").json
    found = [one["id"] for one in part.json["data"] + left["data"]]
    assert found == [log[name] for name in ("missed", "waiting", "retrying", "lost", "ok", "old")]


def test_how_one_went_is_told(rest, log):
    told = {one["id"]: one for one in rest("GET", PATH).json["data"]}
    retrying, lost = told[log["retrying"]], told[log["lost"]]
    assert (retrying["state"], retrying["retrying"], retrying["attempts"]) == ("queued", True, 2)
    assert retrying["next_attempt_at"] == "2026-11-21T09:00:00.000000Z"
    assert (lost["retrying"], lost["next_attempt_at"]) == (False, None)
    assert lost["last_error"] == "Connection refused 50%"


def test_one_is_told_with_its_body_and_attempts(rest, log, core, north, clock):
    with core.works.write(north.system()) as work:
        work.session.add_all(_attempt(log["retrying"], number, clock.now()) for number in (2, 1))
    found = rest("GET", f"{PATH}/{log['retrying']}").json
    assert json.loads(found["body"])["data"] == {"id": "lead_1", "name": "Zoë ☃"}
    assert [one["number"] for one in found["attempts_made"]] == [1, 2]
    first = found["attempts_made"][0]
    assert (first["status"], first["error"], first["response_body"]) == (503, "status", "no\ufffd")
    assert first["request_headers"] == {"webhook-id": "evt_1"}
    assert (found["url"], found["endpoint_state"]) == ("https://93.184.216.34/in", "active")


def _attempt(delivery_id, number, at):
    return Attempt(
        id=f"wha_{number}",
        delivery_id=delivery_id,
        number=number,
        trigger="auto",
        url="https://93.184.216.34/in",
        at=at,
        milliseconds=12,
        status=503,
        error="status",
        detail="It answered 503.",
        request_headers={"webhook-id": "evt_1"},
        response_headers={},
        response_body=b"no\xff",
    )


def test_a_body_is_for_those_who_may_be_told_of_its_type(rest, log, core, north):
    with core.works.write(north.system()) as work:
        few = create_token(work, north.owner_id, "few", frozenset({"read:webhooks"}), None).secret
    limited = Tenant(north.id, north.owner_id, north.email, few)
    found = rest("GET", f"{PATH}/{log['ok']}", limited)
    assert (found.status_code, found.json["body"]) == (200, None)
    assert rest("GET", f"{PATH}/{log['ok']}").json["body"] is not None


def test_another_workspace_sees_nothing(rest, log, core):
    south = make_tenant(core, "south")
    assert rest("GET", f"{PATH}/{log['ok']}", south).status_code == 404
    assert rest("GET", PATH, south).json["data"] == []
    assert core.outgoing.deliveries.figures(south.owner()) == {}


def test_figures_are_of_a_day(room, log, north):
    none = dict.fromkeys(("queued", "sending", "delivered", "failed", "missed", "retrying"), 0)
    assert room.deliveries.figures(north.owner()) == {
        log["first"]: {**none, "delivered": 1, "failed": 1, "retrying": 1},
        log["second"]: {**none, "queued": 1, "missed": 1},
    }


def test_counts_are_of_what_is_asked_for(room, log, north):
    none = dict.fromkeys(("queued", "sending", "delivered", "failed", "missed"), 0)
    everything = {**none, "queued": 2, "delivered": 2, "failed": 1, "missed": 1}
    assert room.deliveries.counts(north.owner()) == everything
    second = DeliveryQuestion(endpoint_id=log["second"])
    assert room.deliveries.counts(north.owner(), second) == {**none, "queued": 1, "missed": 1}


def test_the_log_asks_for_its_scope(rest, core, north):
    with core.works.write(north.system()) as work:
        few = create_token(work, north.owner_id, "few", frozenset({"read:leads"}), None).secret
    limited = Tenant(north.id, north.owner_id, north.email, few)
    assert rest("GET", PATH, limited).json["scope"] == "read:webhooks"
    assert rest("GET", f"{PATH}/whd_1", limited).json["scope"] == "read:webhooks"
