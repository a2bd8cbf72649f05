"""The pages of deliveries: found by filters, looked into, sent again."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import update

from geminicrm.kernel.ids import new_id
from geminicrm.webhooks.outgoing.models import DELIVERIES, HEALTH, Attempt
from tests.support.crm_pages import reader, said, visitor

FAILED = {
    "state": "failed",
    "attempts": 1,
    "round_attempts": 1,
    "last_status": 500,
    "last_error": "It answered 500.",
    "milliseconds": 12,
}


@pytest.fixture
def core(make_core):
    return make_core(GEMINICRM_EGRESS_ALLOW="127.0.0.0/8")


@pytest.fixture
def owner(app, tenant):
    return visitor(app, tenant)


@pytest.fixture
def endpoint_id(owner):
    answer = owner.post("/webhooks", url="http://127.0.0.1:8123/x", events=["lead.*"])
    found = re.search(r"/webhooks/(whe_\w+)", answer.get_data(as_text=True))
    assert found
    return found[1]


@pytest.fixture
def sent(owner, endpoint_id):
    """Give the id of a delivery that was asked for by hand."""
    answer = owner.post(f"/webhooks/{endpoint_id}/sample", type="lead.created")
    return answer.headers["Location"].rpartition("/")[2]


@pytest.fixture
def failed(core, tenant, sent):
    """Give the id of a delivery that was tried once and given up."""
    with core.works.across_workspaces("fail a delivery for a test", write=True) as work:
        values = {**FAILED, "finished_at": work.now}
        work.session.execute(update(DELIVERIES).where(DELIVERIES.c.id == sent).values(values))
        work.session.add(
            Attempt(
                id=new_id("wat"),
                workspace_id=tenant.id,
                delivery_id=sent,
                number=1,
                trigger="auto",
                url="http://127.0.0.1:8123/x",
                at=work.now,
                milliseconds=12,
                status=500,
                error="status",
                detail="It answered 500.",
                request_headers={"webhook-id": "evt_1"},
                response_headers={"Server": "far <b>away</b>"},
                response_body=b"<script>alert(1)</script>",
            )
        )
    return sent


def test_the_list_says_so_where_there_is_nothing(owner):
    assert "Nothing here" in said(owner.page("/webhooks/deliveries"))


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", True),
        ("state=failed", True),
        ("state=delivered", False),
        ("type=lead.*", True),
        ("type=deal.*", False),
        ("hours=1", True),
        ("q=answered", True),
        ("q=nothing-like-it", False),
        ("object_id=lead_of_nobody", False),
    ],
)
def test_filters_find_what_they_say(owner, failed, query, shown):
    assert (f'data-delivery="{failed}"' in owner.page(f"/webhooks/deliveries?{query}")) == shown


def test_the_endpoint_filter_finds_its_own(owner, failed, endpoint_id):
    assert failed in owner.page(f"/webhooks/deliveries?endpoint_id={endpoint_id}")
    assert failed not in owner.page("/webhooks/deliveries?endpoint_id=whe_of_nobody")


def test_what_is_older_than_asked_for_is_left_out(owner, failed, clock):
    clock.advance(7200)
    assert failed not in owner.page("/webhooks/deliveries?hours=1")
    assert failed in owner.page("/webhooks/deliveries?hours=24")


def test_a_wrong_filter_is_refused_by_name(owner):
    assert owner.get("/webhooks/deliveries?state=lost").status_code == 422


def test_attempts_request_and_response_can_be_read(owner, failed):
    attempts = said(owner.page(f"/webhooks/deliveries/{failed}"))
    assert "Attempt 1 500 status It answered 500." in attempts
    request = owner.page(f"/webhooks/deliveries/{failed}?tab=request")
    assert "webhook-id: evt_1" in request
    assert "curl -X POST http://127.0.0.1:8123/x" in said(request)
    response = owner.page(f"/webhooks/deliveries/{failed}?tab=response")
    assert "Status 500" in said(response)
    assert "&lt;script&gt;alert(1)" in response
    assert "<script>alert(1)" not in response


def test_before_the_first_attempt_the_page_says_so(owner, sent):
    assert "No attempt yet" in owner.page(f"/webhooks/deliveries/{sent}")
    assert "Nothing was sent yet" in owner.page(f"/webhooks/deliveries/{sent}?tab=response")


def test_one_is_sent_again_as_the_same_event(core, tenant, owner, failed):
    owner.post(f"/webhooks/deliveries/{failed}/replay")
    again = core.outgoing.deliveries.get(tenant.owner(), failed)
    assert (again["state"], again["trigger"]) == ("queued", "manual")
    assert "Replay" in said(owner.page(f"/webhooks/deliveries/{failed}"))


def test_what_can_not_be_sent_again_says_why(owner, sent):
    owner.post(f"/webhooks/deliveries/{sent}/replay")
    assert "It is on its way already" in said(owner.page(f"/webhooks/deliveries/{sent}"))


def test_those_that_were_chosen_are_sent_again(core, tenant, owner, failed):
    answer = owner.post("/webhooks/deliveries/replay?state=failed", ids=[failed, "whd_of_nobody"])
    page = said(owner.page(answer.headers["Location"]))
    assert "1 delivery is sent again." in page
    assert "whd_of_nobody" in page
    assert core.outgoing.deliveries.get(tenant.owner(), failed)["state"] == "queued"


def test_nothing_chosen_is_told(owner, failed):
    owner.post("/webhooks/deliveries/replay")
    assert "Choose deliveries first." in said(owner.page("/webhooks/deliveries"))


def test_everything_that_failed_is_counted_before_it_is_sent_again(core, tenant, owner, failed):
    page = said(owner.page("/webhooks/recover?hours=1"))
    assert "1 delivery failed or missed." in page
    owner.post("/webhooks/recover/all", hours="1")
    assert "1 delivery is sent again." in said(owner.page("/webhooks/deliveries"))
    assert "0 deliveries failed or missed." in said(owner.page("/webhooks/recover"))


def test_recovering_to_a_paused_endpoint_says_how_to_mend_it(owner, failed, endpoint_id):
    owner.post(f"/webhooks/{endpoint_id}/pause")
    assert "enable it first" in said(owner.page(f"/webhooks/recover?endpoint_id={endpoint_id}"))
    owner.post("/webhooks/recover/all", hours="24", endpoint_id=endpoint_id)
    assert "enable it first" in said(owner.page("/webhooks/deliveries"))


def test_a_failing_endpoint_says_since_when_it_rests(core, owner, endpoint_id):
    with core.works.across_workspaces("fail an endpoint for a test", write=True) as work:
        resting = {"failures": 10, "last_error": "It answered 500.",
                   "open_until": work.now + timedelta(minutes=5)}  # fmt: skip
        work.session.execute(update(HEALTH).where(HEALTH.c.id == endpoint_id).values(resting))
    page = said(owner.page(f"/webhooks/{endpoint_id}"))
    assert "Failing, rests" in page
    assert "10 failures in a row" in page
    assert "It is left alone until" in page


def test_the_first_page_counts_a_day(owner, failed):
    page = said(owner.page("/webhooks"))
    assert "Failed 1 Can be replayed" in page
    assert "0 of 1" in page


def test_beside_a_record_stands_what_was_sent_of_it(core, app, tenant, owner, endpoint_id):
    sent = core.outgoing.deliveries.get(
        tenant.owner(), core.outgoing.trials.sample(tenant.owner(), endpoint_id, "deal.won")["id"]
    )
    for _ in range(5):
        core.outgoing.trials.sample(tenant.owner(), endpoint_id, "deal.won")
    page = owner.page(f"/webhooks/card/deal/{sent['object_id']}")
    assert page.count("data-delivery=") == 5
    assert f"/webhooks/deliveries?object_id={sent['object_id']}" in page
    assert owner.page("/webhooks/card/lead/lead_of_nobody").strip() == ""
    made = core.crm.leads.create(tenant.owner(), {"last_name": "Lovelace"})
    assert f"/webhooks/card/lead/{made['id']}" in owner.page(f"/leads/{made['id']}")
    reading = reader(core, app, tenant)
    assert "deal.won" in reading.page(f"/webhooks/card/deal/{sent['object_id']}")
