"""Sending again: one, some, or all that was lost since an instant."""

from datetime import timedelta

import pytest

from geminicrm.webhooks.outgoing import replaying
from geminicrm.webhooks.outgoing.models import Delivery
from tests.support.core import make_tenant

PATH = "/webhook-deliveries"
DAY_AGO = "2026-11-20T09:00:00Z"


@pytest.fixture
def endpoint(make):
    return make().endpoint["id"]


@pytest.fixture
def row(core, north):
    def row(delivery_id):
        with core.works.read(north.system()) as work:
            return work.get(Delivery, delivery_id)

    return row


@pytest.fixture
def woken(core, monkeypatch):
    """Count how often the workers are told of work."""
    calls = []
    monkeypatch.setattr(core.works, "_wake", lambda: calls.append("woken"))
    return calls


@pytest.mark.parametrize("state", ["delivered", "failed", "missed"])
def test_one_begins_anew_with_the_same_event(rest, deliver, endpoint, row, state):
    sent = deliver(endpoint, state=state, attempts=10, round_attempts=10, age=timedelta(hours=3))
    before = row(sent)
    answer = rest("POST", f"{PATH}/{sent}/replay")
    assert (answer.status_code, answer.json["trigger"]) == (202, "manual")
    after = row(sent)
    assert (after.state, after.round_attempts, after.attempts) == ("queued", 0, 10)
    assert (after.event_id, after.message_id) == (before.event_id, before.message_id)
    assert after.due_at == before.due_at + timedelta(hours=3)
    assert after.finished_at is None


def test_a_replay_names_who_asked_and_wakes_the_workers(rest, deliver, endpoint, north, woken):
    sent = deliver(endpoint, state="failed")
    assert rest("POST", f"{PATH}/{sent}/replay").json["asked_by"] == north.owner_id
    assert woken == ["woken"]


def test_what_is_retried_is_sent_at_once(rest, deliver, endpoint, row):
    sent = deliver(endpoint, attempts=2, round_attempts=2)
    assert rest("POST", f"{PATH}/{sent}/replay").status_code == 202
    assert row(sent).round_attempts == 0


@pytest.mark.parametrize("columns", [{"state": "sending", "leased_by": "w1"}, {"state": "queued"}])
def test_what_is_on_its_way_is_not_doubled(rest, deliver, endpoint, row, columns):
    sent = deliver(endpoint, **columns)
    answer = rest("POST", f"{PATH}/{sent}/replay")
    assert answer.status_code == 409
    assert (row(sent).state, row(sent).trigger) == (columns["state"], "auto")


@pytest.mark.parametrize(
    ("ending", "status", "said"),
    [
        (("DELETE", ""), 410, "was deleted"),
        (("POST", "/pause"), 409, "enable it first"),
    ],
)
def test_what_takes_nothing_gets_nothing(rest, deliver, endpoint, ending, status, said):
    sent = deliver(endpoint, state="failed")
    method, path = ending
    rest(method, f"/webhook-endpoints/{endpoint}{path}")
    since = {"since": DAY_AGO, "endpoint_id": endpoint}
    one = rest("POST", f"{PATH}/{sent}/replay")
    every = rest("POST", f"{PATH}/recover", json=since)
    number = rest("POST", f"{PATH}/recover", json={**since, "dry_run": True})
    assert {answer.status_code for answer in (one, every, number)} == {status}
    assert all(said in answer.json["detail"] for answer in (one, every, number))
    some = rest("POST", f"{PATH}/replay", json={"ids": [sent]}).json
    assert (some["replayed"], len(some["refused"])) == (0, 1)


def test_some_are_sent_again_and_the_others_told_why(rest, deliver, endpoint, row):
    lost, done = deliver(endpoint, state="failed"), deliver(endpoint, state="delivered")
    sending = deliver(endpoint, state="sending")
    ids = [lost, done, sending, "whd_unknown", lost]
    answer = rest("POST", f"{PATH}/replay", json={"ids": ids})
    assert answer.status_code == 202
    assert answer.json["replayed"] == 2
    assert [one["id"] for one in answer.json["refused"]] == [sending, "whd_unknown"]
    assert [row(one).state for one in (lost, done)] == ["queued", "queued"]


@pytest.mark.parametrize("ids", [[], ["whd_1"] * 101, "whd_1", None])
def test_a_selection_has_an_end(rest, ids):
    assert rest("POST", f"{PATH}/replay", json={"ids": ids}).status_code == 422


def test_what_was_lost_is_counted_then_recovered(rest, make, deliver, endpoint, row):
    other = make().endpoint["id"]
    names = {
        "failed": deliver(endpoint, state="failed"),
        "missed": deliver(endpoint, state="missed", age=timedelta(hours=24)),
        "older": deliver(endpoint, state="failed", age=timedelta(hours=25)),
        "done": deliver(endpoint, state="delivered"),
        "other": deliver(other, state="failed"),
    }
    since = {"since": DAY_AGO, "endpoint_id": endpoint}
    number = rest("POST", f"{PATH}/recover", json={**since, "dry_run": True})
    assert (number.status_code, number.json) == (200, {"deliveries": 2})
    done = rest("POST", f"{PATH}/recover", json=since)
    assert (done.status_code, done.json["replayed"], done.json["left"]) == (202, 2, False)
    states = {name: row(one).state for name, one in names.items()}
    assert states == {
        "failed": "queued",
        "missed": "queued",
        "older": "failed",
        "done": "delivered",
        "other": "failed",
    }
    assert rest("POST", f"{PATH}/recover", json=since).json["replayed"] == 0


def test_without_an_endpoint_all_that_are_active_are_meant(rest, make, deliver, endpoint, row):
    paused = make().endpoint["id"]
    lost, kept = deliver(endpoint, state="failed"), deliver(paused, state="failed")
    rest("POST", f"/webhook-endpoints/{paused}/pause")
    assert rest("POST", f"{PATH}/recover", json={"since": DAY_AGO}).json["replayed"] == 1
    assert (row(lost).state, row(kept).state) == ("queued", "failed")


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({"since": DAY_AGO, "states": ["failed"]}, 1),
        ({"since": DAY_AGO, "states": ["missed"]}, 2),
        ({"since": DAY_AGO, "until": "2026-11-21T08:00:00Z"}, 1),
    ],
)
def test_a_recovery_is_narrowed(rest, deliver, endpoint, body, found):
    deliver(endpoint, state="failed")
    deliver(endpoint, state="missed")
    deliver(endpoint, state="missed", age=timedelta(hours=2))
    assert rest("POST", f"{PATH}/recover", json=body).json["replayed"] == found


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"since": ""},
        {"since": "yesterday"},
        {"since": DAY_AGO, "until": "x"},
        {"since": DAY_AGO, "states": ["delivered"]},
        {"since": DAY_AGO, "states": []},
        {"since": DAY_AGO, "dry_run": "yes"},
    ],
)
def test_a_wrong_recovery_is_told(rest, body):
    assert rest("POST", f"{PATH}/recover", json=body).status_code == 422


def test_many_are_recovered_a_part_at_a_time(rest, deliver, endpoint, monkeypatch, audited):
    monkeypatch.setattr(replaying, "_BATCH", 2)
    monkeypatch.setattr(replaying, "MOST_AT_ONCE", 4)
    lost = [deliver(endpoint, state="failed") for _number in range(5)]
    first = rest("POST", f"{PATH}/recover", json={"since": DAY_AGO}).json
    assert (first["replayed"], first["left"]) == (4, True)
    left = rest("GET", f"{PATH}?state=failed").json["data"]
    assert [one["id"] for one in left] == lost[-1:]
    assert rest("POST", f"{PATH}/recover", json={"since": DAY_AGO}).json["replayed"] == 1
    told = [changes["deliveries"] for action, _id, changes in audited() if "recovered" in action]
    assert told == [2, 2, 1]


def test_who_replayed_is_audited(rest, deliver, endpoint, audited, north):
    sent = deliver(endpoint, state="failed")
    rest("POST", f"{PATH}/{sent}/replay")
    action, subject, changes = audited()[-1]
    assert (action, subject) == ("webhook_delivery.replayed", sent)
    assert changes["user_id"] == north.owner_id


def test_another_workspace_replays_nothing(rest, deliver, endpoint, core, row):
    south = make_tenant(core, "south")
    sent = deliver(endpoint, state="failed")
    since = {"since": DAY_AGO}
    assert rest("POST", f"{PATH}/{sent}/replay", south).status_code == 404
    assert rest("POST", f"{PATH}/replay", south, json={"ids": [sent]}).json["replayed"] == 0
    assert rest("POST", f"{PATH}/recover", south, json=since).json["replayed"] == 0
    theirs = {**since, "endpoint_id": endpoint}
    assert rest("POST", f"{PATH}/recover", south, json=theirs).status_code == 404
    assert row(sent).state == "failed"
