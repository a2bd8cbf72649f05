"""The log of what came in, for programs."""

import pytest

from geminicrm.webhooks.incoming.listing import Question, receipts
from tests.support.integrations import connect_to
from tests.support.webhooks_in import SECRET, event, path_of


@pytest.fixture
def call(gate):
    client = gate.app.test_client(use_cookies=False)

    def call(path="", method="GET", **given):
        headers = given.pop("headers", None) or gate.tenant.headers()
        url = f"/api/webhook-receipts{path}"
        return client.open(url, method=method, headers=headers, **given)

    return call


def ids(answer):
    return [one["id"] for one in answer.json["data"]]


def test_a_receipt_has_request_events_and_their_state(gate, call):
    gate.send(event("evt_1", note="ünï"), query_string={"a": "b"})
    gate.work()
    (one,) = call().json["data"]
    assert (one["service"], one["webhook"], one["result"]) == ("sample", "events", "verified")
    assert one["events"] == {"done": 1}
    whole = call(f"/{one['id']}").json
    assert whole["body"] == event("evt_1", note="ünï").decode()
    assert whole["url"].endswith("?a=b")
    (item,) = whole["items"]
    assert (item["key"], item["state"], item["data"]["note"]) == ("evt_1", "done", "ünï")
    assert (whole["truncated"], whole["encoding"]) == (False, "text")


def test_a_body_that_is_no_text_is_in_base64(gate, call):
    gate.send(b"\xff\xfe", secret="whsec_wrong")
    whole = call(f"/{gate.rows()[0].id}").json
    assert (whole["body"], whole["encoding"], whole["result"]) == ("//4=", "base64", "rejected")


def test_filters_and_pages(gate, call, clock):
    other = connect_to(gate.stage, gate.tenant, config={"signing": SECRET})
    gate.send(event("evt_1"))
    gate.send(event("evt_2", "busy"))
    gate.send(event("evt_3"), secret="whsec_wrong")
    clock.advance(60)
    gate.send(event("evt_4", "strange"), path=path_of(gate.core, gate.tenant, other))
    gate.work()
    fourth, third, second, first = ids(call())
    assert ids(call("?result=rejected")) == [third]
    assert ids(call("?state=queued")) == [second]
    assert ids(call("?state=ignored")) == ids(call(f"?connection={other}")) == [fourth]
    assert ids(call("?text=EVT_2")) == ids(call("?text=busy")) == [second]
    assert ids(call("?text=signature")) == [third]
    assert ids(call("?since=2026-11-21T09:01:00Z")) == [fourth]
    assert ids(call("?service=none")) == ids(call("?text=%25")) == []
    page = call("?limit=3")
    assert ids(page) == [fourth, third, second]
    assert ids(call(f"?limit=3&cursor={page.json['next_cursor']}")) == [first]


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("result=x", "/result"),
        ("state=x", "/state"),
        ("since=x", "/since"),
        (f"text={'x' * 201}", "/text"),
        ("limit=0", "/limit"),
        ("cursor=x", "/cursor"),
    ],
)
def test_what_a_filter_can_not_be_is_told(call, query, pointer):
    answer = call(f"?{query}")
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, pointer)


def test_it_is_worked_on_again(gate, call):
    gate.send()
    gate.work()
    (row,) = gate.rows()
    answer = call(f"/{row.id}/reprocess", method="POST")
    assert (answer.status_code, answer.json["events"]) == (200, {"queued": 1})
    gate.work()
    assert gate.handed() == [("evt_1", 1), ("evt_1", 2)]
    failed = call(f"/{row.id}/reprocess", method="POST", json={"events": "failed"})
    odd = call(f"/{row.id}/reprocess", method="POST", json={"events": "some"})
    assert (failed.status_code, odd.status_code) == (409, 422)


def test_a_connection_of_ones_own_is_ones_own(gate, call):
    mine = connect_to(
        gate.stage, gate.tenant, config={"signing": SECRET}, owner_id=gate.tenant.owner_id
    )
    gate.send(path=path_of(gate.core, gate.tenant, mine))
    with gate.core.works.write(gate.tenant.system()) as work:
        (row,) = gate.rows()
        work.session.merge(row).owner_id = "usr_somebody"
    reader = gate.tenant.owner("read:webhooks")
    with gate.core.works.read(reader) as work:
        assert receipts(work, Question()).rows == []
    assert len(ids(call())) == 1  # who manages integrations sees it


def test_a_token_needs_the_permission(gate, call):
    gate.send()
    client = gate.app.test_client(use_cookies=False)
    assert client.get("/api/webhook-receipts").status_code == 401
