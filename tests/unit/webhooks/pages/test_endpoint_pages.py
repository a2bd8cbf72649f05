"""The pages of endpoints: made, changed, tried, paused, given another secret, deleted."""

import re

import pytest

from geminicrm.webhooks.outgoing.models import Endpoint
from tests.support.core import make_tenant
from tests.support.crm_pages import reader, said, text_of, visitor

URL = "https://receiver.example/hooks"
FIELDS = {"url": URL, "events": ["lead.*"], "concurrency": "10"}


@pytest.fixture
def core(make_core, clock):
    # A name that leads nowhere is looked up at creation: the address of this machine is let in.
    return make_core(GEMINICRM_EGRESS_ALLOW="127.0.0.0/8")


@pytest.fixture
def owner(app, tenant):
    return visitor(app, tenant)


@pytest.fixture
def make(owner):
    """Give a maker of endpoints; it gives the id, and the secret that the page shows."""

    def make(**fields):
        page = text_of(
            owner.post("/webhooks", **{**FIELDS, "url": "http://127.0.0.1:8123/x", **fields})
        )
        found = re.search(r"/webhooks/(whe_\w+)", page)
        assert found
        secret = re.search(r"whsec_[\w+/=]+", page)
        return found[1], secret[0] if secret else ""

    return make


def rows(core, tenant):
    with core.works.read(tenant.owner()) as work:
        return list(work.session.query(Endpoint))


def test_the_first_page_says_what_an_endpoint_is(owner):
    page = said(owner.page("/webhooks"))
    assert "No endpoint yet" in page
    assert "New endpoint" in page


def test_a_new_endpoint_shows_its_secret_once(owner, make):
    endpoint_id, secret = make()
    assert secret
    assert secret not in owner.page(f"/webhooks/{endpoint_id}")
    assert "http://127.0.0.1:8123/x" in owner.page("/webhooks")


def test_the_form_offers_every_type_by_what_it_is_about(owner):
    page = said(owner.page("/webhooks/new?url=https://example.com/a"))
    for word in ("lead.*", "lead.created", "deal.won", "payment.", "Everything"):
        assert word in page


def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost(owner):
    answer = owner.post(
        "/webhooks",
        url="ftp://example.com",
        events=["no.such"],
        headers="no colon here",
        filter="{",
        mapping="[]",
        rate="many",
        concurrency="",
        template="kept as it was",
    )
    page = text_of(answer, 422)
    assert "has no colon" in page
    assert "Write JSON" in page
    assert "Write an object." in page
    assert "Write a whole number." in page
    assert "kept as it was" in page


def test_what_the_service_refuses_is_said_too(owner):
    answer = owner.post(
        "/webhooks", **{**FIELDS, "url": "ftp://example.com", "events": ["no.such"]}
    )
    page = said(text_of(answer, 422))
    assert "Use an http:// or https:// address." in page
    assert "There is no event" in page


def test_an_endpoint_is_changed_and_keeps_values_of_headers(core, tenant, owner, make):
    endpoint_id, _ = make(headers="X-Key: one two")
    page = owner.page(f"/webhooks/{endpoint_id}/edit")
    assert "one two" not in page
    version = re.search(r'name="version" value="(\d+)"', page)
    assert version
    answer = owner.post(
        f"/webhooks/{endpoint_id}/edit",
        **{**FIELDS, "url": "http://127.0.0.1:8123/x", "events": ["deal.won", "lead.created"]},
        headers="X-Key:",
        rate="5",
        version=version[1],
    )
    assert answer.status_code == 303, said(answer.get_data(as_text=True))
    (row,) = rows(core, tenant)
    assert (row.events, row.rate) == (["deal.won", "lead.created"], 5)
    assert core.outgoing.keys.headers(row) == {"X-Key": "one two"}


def test_whoever_changes_what_another_changed_meanwhile_is_told(owner, make):
    endpoint_id, _ = make()
    stale = {**FIELDS, "url": "http://127.0.0.1:8123/x", "version": "1"}
    assert owner.post(f"/webhooks/{endpoint_id}/edit", **stale, description="a").status_code == 303
    answer = owner.post(f"/webhooks/{endpoint_id}/edit", **stale, description="b")
    assert answer.status_code == 412


def test_a_wrong_change_shows_the_form_again(owner, make):
    endpoint_id, _ = make()
    page = text_of(owner.post(f"/webhooks/{endpoint_id}/edit", url="http://127.0.0.1:8123/x"), 422)
    assert "Name 1 to" in page


def test_it_is_paused_and_enabled(core, tenant, owner, make):
    endpoint_id, _ = make()
    owner.post(f"/webhooks/{endpoint_id}/pause")
    assert "Paused" in said(owner.page(f"/webhooks/{endpoint_id}"))
    owner.post(f"/webhooks/{endpoint_id}/enable")
    assert rows(core, tenant)[0].state == "active"


def test_a_ping_leads_to_its_delivery(owner, make):
    endpoint_id, _ = make()
    answer = owner.post(f"/webhooks/{endpoint_id}/ping")
    page = said(owner.page(answer.headers["Location"]))
    assert "webhook.ping" in page
    assert "It is on its way." in page


def test_a_ping_to_a_paused_one_says_why_not(owner, make):
    endpoint_id, _ = make()
    owner.post(f"/webhooks/{endpoint_id}/pause")
    answer = owner.post(f"/webhooks/{endpoint_id}/ping")
    assert "enable it first" in said(owner.page(answer.headers["Location"]))


def test_a_sample_is_of_the_type_that_was_chosen(owner, make):
    endpoint_id, _ = make()
    answer = owner.post(f"/webhooks/{endpoint_id}/sample", type="deal.won")
    page = owner.page(f"{answer.headers['Location']}?tab=request")
    assert "deal.won" in page
    assert "As curl" in page


def test_a_sample_of_no_type_is_not_found(owner, make):
    endpoint_id, _ = make()
    assert owner.post(f"/webhooks/{endpoint_id}/sample", type="no.such").status_code == 404


def test_a_new_secret_is_shown_once_and_the_old_one_signs_on(core, tenant, owner, make):
    endpoint_id, old = make()
    page = text_of(owner.post(f"/webhooks/{endpoint_id}/rotate"))
    new = re.search(r"whsec_[\w+/=]+", page)
    assert new
    assert new[0] != old
    assert core.outgoing.keys.signing(rows(core, tenant)[0], core.works.clock.now()) == [
        new[0],
        old,
    ]
    text_of(owner.post(f"/webhooks/{endpoint_id}/rotate", immediate="true"))
    assert len(core.outgoing.keys.signing(rows(core, tenant)[0], core.works.clock.now())) == 1


def test_a_deleted_one_is_gone_and_its_log_stays(owner, make):
    endpoint_id, _ = make()
    sent = owner.post(f"/webhooks/{endpoint_id}/ping").headers["Location"]
    owner.post(f"/webhooks/{endpoint_id}/delete")
    assert owner.get(f"/webhooks/{endpoint_id}").status_code == 404
    assert "The endpoint was deleted" in said(owner.page(sent))
    assert "Deleted" in said(owner.page("/webhooks/deliveries"))


def test_another_workspace_finds_nothing(core, app, owner, make):
    endpoint_id, _ = make()
    sent = owner.post(f"/webhooks/{endpoint_id}/ping").headers["Location"]
    other = visitor(app, make_tenant(core, "south"))
    assert other.get(f"/webhooks/{endpoint_id}").status_code == 404
    assert other.get(sent).status_code == 404
    assert "8123" not in other.page("/webhooks/deliveries")


@pytest.mark.parametrize("act", ["pause", "enable", "delete", "ping", "rotate", "edit", "sample"])
def test_who_may_only_read_looks_and_changes_nothing(core, app, tenant, make, act):
    endpoint_id, _ = make()
    one = reader(core, app, tenant)
    assert "Send a ping" not in one.page(f"/webhooks/{endpoint_id}")
    assert one.post(f"/webhooks/{endpoint_id}/{act}").status_code == 403
