"""The test receiver of webhooks: strangers put things in, people of the workspace look at them."""

from contextlib import nullcontext

import pytest

from geminicrm.app import create_app
from geminicrm.kernel.http import AddressGuard, AddressRefused
from geminicrm.webhooks.receiver.service import KEPT, MOST_BYTES, Receivers
from tests.support.core import make_tenant
from tests.support.crm_pages import reader, said, visitor

SENT = {"X-Webhook-Event": "lead.created", "Content-Type": "application/json"}


@pytest.fixture
def owner(app, tenant):
    return visitor(app, tenant)


@pytest.fixture
def address(core, owner):
    """Give the path at which the workspace's receiver receives."""
    owner.post("/webhooks/receiver/make")
    return path_of(core)


def path_of(core):
    with core.works.across_workspaces("look at the receiver") as work:
        return core.receivers.url(core.receivers.find(work)).partition("://")[2].partition("/")[2]


@pytest.fixture
def send(client, address):
    def send(body=b'{"id": "evt_1"}', headers=SENT, path=f"/{address}"):
        return client.post(path, data=body, headers=headers)

    return send


def test_a_page_without_an_address_offers_to_make_one(owner):
    assert "Make an address" in said(owner.page("/webhooks/receiver"))


def test_what_arrives_is_shown_with_its_headers_and_readable_body(owner, send):
    assert send().status_code == 200
    page = owner.page("/webhooks/receiver")
    assert "X-Webhook-Event: lead.created" in said(page)
    assert "&#34;id&#34;: &#34;evt_1&#34;" in page


def test_a_stranger_needs_no_token_of_a_form_and_gets_no_cookie(send):
    answer = send()
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    assert answer.data == b""


def test_what_tells_who_somebody_is_is_not_kept(core, owner, send):
    send(headers={**SENT, "Cookie": "session=1234", "Authorization": "Bearer 5678"})
    page = owner.page("/webhooks/receiver")
    assert "1234" not in page
    assert "5678" not in page


def test_it_answers_as_was_chosen(owner, send):
    owner.post("/webhooks/receiver/answer", answer="503")
    answer = send()
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    owner.post("/webhooks/receiver/answer", answer="301")
    assert send().headers["Location"].startswith("/webhooks/test/")


def test_another_status_is_refused(owner, address):
    assert owner.post("/webhooks/receiver/answer", answer="99").status_code == 422


def test_only_the_latest_are_kept(core, tenant, send):
    for number in range(KEPT + 2):
        send(f"{number}".encode())
    with core.works.read(tenant.owner()) as work:
        kept = [one.body for one in core.receivers.caught(work)]
    assert kept == [f"{number}".encode() for number in range(KEPT + 1, 1, -1)]


def test_a_large_body_is_cut_and_says_so(core, tenant, owner, send):
    send(b"x" * (MOST_BYTES + 1))
    with core.works.read(tenant.owner()) as work:
        (one,) = core.receivers.caught(work)
    assert (len(one.body), one.size) == (MOST_BYTES, MOST_BYTES + 1)
    assert "Only its beginning." in owner.page("/webhooks/receiver")


def test_a_body_beyond_all_limits_is_answered_and_counted(core, tenant, send):
    assert send(b"x" * 20_000_000).status_code == 200
    with core.works.read(tenant.owner()) as work:
        (one,) = core.receivers.caught(work)
    assert (one.body, one.size) == (b"", 20_000_000)


def test_an_unknown_address_is_told_nothing(send):
    answer = send(path="/webhooks/test/of-nobody")
    assert answer.status_code == 404
    assert answer.data == b"No test receiver is here.\n"


def test_a_new_address_ends_the_old_one(core, owner, address, client):
    owner.post("/webhooks/receiver/make")
    assert client.post(f"/{address}").status_code == 404
    assert client.post(f"/{path_of(core)}").status_code == 200


def test_what_arrived_can_be_forgotten(owner, send):
    send()
    owner.post("/webhooks/receiver/clear")
    assert "Nothing has arrived" in owner.page("/webhooks/receiver")


def test_nobody_sees_what_another_workspace_caught(core, app, send):
    send()
    other = visitor(app, make_tenant(core, "south"))
    assert "evt_1" not in other.page("/webhooks/receiver")


def test_who_may_only_read_sees_it_and_changes_nothing(core, app, tenant, send):
    send()
    one = reader(core, app, tenant)
    page = one.page("/webhooks/receiver")
    assert "evt_1" in page
    assert "Make a new address" not in page
    assert one.post("/webhooks/receiver/clear").status_code == 403
    assert one.post("/webhooks/receiver/make").status_code == 403


def test_the_list_answers_nothing_new_with_nothing(owner, send):
    send()
    page = owner.page("/webhooks/receiver")
    seen = page.partition("seen=")[2].partition('"')[0]
    assert owner.get(f"/webhooks/receiver/watch?seen={seen}").status_code == 204
    send(b'{"id": "evt_2"}')
    assert "evt_2" in owner.page(f"/webhooks/receiver/watch?seen={seen}")


def test_a_list_whose_session_has_ended_asks_no_more(app):
    answer = app.test_client().get("/webhooks/receiver/watch")
    assert answer.status_code == 286
    assert "Sign in" in answer.get_data(as_text=True)


def test_it_works_on_both_engines(both_cores):
    tenant = make_tenant(both_cores, "north")
    app = create_app(core=both_cores)
    one = visitor(app, tenant)
    one.post("/webhooks/receiver/make")
    assert app.test_client().post(f"/{path_of(both_cores)}", data=b"\xff\x00x").status_code == 200
    assert "POST request" in one.page("/webhooks/receiver")


@pytest.mark.parametrize(
    ("url", "own"),
    [
        ("http://127.0.0.1:8000/webhooks/test/" + "a" * 32, True),
        ("http://127.0.0.1:8000/webhooks/test/" + "a" * 33, False),
        ("http://127.0.0.1:8000/webhooks/test/../../api/leads/" + "a" * 12, False),
        ("http://127.0.0.1:8000/webhooks/test/" + "a" * 32 + "?x=1", False),
        ("http://127.0.0.1:8001/webhooks/test/" + "a" * 32, False),
        ("http://127.0.0.1:8000/api/leads", False),
    ],
)
def test_deliveries_reach_the_own_machine_at_the_receiver_alone(core, url, own):
    receivers = Receivers(core.works, "http://127.0.0.1:8000/")
    guard = AddressGuard(own=receivers.is_own)
    assert receivers.is_own(guard.parse(url)) is own
    with {True: nullcontext(), False: pytest.raises(AddressRefused)}[own]:
        guard.check(url)
