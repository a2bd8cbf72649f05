"""The whole way of a new lead: Stripe by its own description, and a real SMTP server."""

from urllib.parse import parse_qs

import pytest
from sqlalchemy import select

from geminicrm.app import create_app
from geminicrm.mail.models import OutgoingMail
from geminicrm.payments.listing import list_payments
from geminicrm.payments.looking import PaymentKeeper
from geminicrm.payments.settling import Settling
from tests.support.connecting import connect
from tests.support.paying import PRICED
from tests.support.smtp_peer import PASSWORD, USER
from tests.support.working import Hands

KEY = "rk_test_of_north_0123456789"
MANY = 50
HOUR = 3600
SESSIONS = "checkout/sessions"
URL = "https://checkout.stripe.com/c/pay/cs_test_1"
SESSION = {
    "object": "checkout.session",
    "id": "cs_test_1",
    "url": URL,
    "status": "open",
    "payment_status": "unpaid",
    "amount_total": 1250,
    "currency": "eur",
    "expires_at": 1795400000,
    "payment_intent": None,
    "metadata": {},
}
PAID = {**SESSION, "url": None, "status": "complete", "payment_status": "paid",
        "payment_intent": "pi_1"}  # fmt: skip


class World:
    """A workspace with both connections, and a worker."""

    def __init__(self, made, vendors, peer, clock):
        self.core, self.tenant, self.vendors, self.peer = made.core, made.tenant, vendors, peer
        self.clock = clock
        self.hands = Hands(made.core, made.core.sinks(), made.core.kinds())
        self.browser = create_app(core=made.core).test_client()

    def lead(self):
        """Create one over REST; give the status, and how many mails had come in by then."""
        answer = self.browser.post("/api/leads", json=PRICED, headers=self.tenant.headers())
        return answer.status_code, len(self.peer.mails)

    def work(self, after=0):
        """Do what is due then."""
        self.clock.advance(after)
        PaymentKeeper(self.core.works).step()
        self.hands.work()

    def payment(self):
        """Give the one that there is."""
        with self.core.works.read(self.tenant.owner()) as work:
            (found,) = list_payments(work).data
            return found

    def mails(self):
        """Give the states of mails."""
        with self.core.works.read(self.tenant.owner()) as work:
            return list(work.session.scalars(select(OutgoingMail.state).order_by(OutgoingMail.id)))

    def asked(self):
        """Give the calls that should have made a link."""
        # By its key: what hung in another test may come in late.
        mine = self.payment()["id"]
        log = self.vendors.log("stripe")
        return [one for one in log if one["headers"].get("idempotency-key", "").startswith(mine)]

    def keys(self):
        """Give their idempotency keys."""
        return {one["headers"]["idempotency-key"] for one in self.asked()}

    def texts(self):
        """Give the mails that arrived."""
        return [one.get_body(("plain",)).get_content() for one in self.peer.messages]


@pytest.fixture
def world(open_built_in, trusted, start_smtp, vendors, clock):
    made, mail, peer = open_built_in("stripe"), open_built_in("smtp-email"), start_smtp()
    connect(made, api_key=KEY, base_url=vendors.base_url("stripe"))
    connect(mail, base_url=peer.url, username=USER, password=PASSWORD, from_address=USER)
    world = World(made, vendors, peer, clock)
    yield world
    world.hands.close()


def test_a_lead_with_an_amount_is_asked_thanked_and_seen_to_pay(world):
    assert world.lead() == (201, 0)
    world.vendors.prepare("stripe", SESSION, path=SESSIONS)
    world.work()
    payment = world.payment()
    assert (payment["state"], payment["url"], payment["provider"]) == ("open", URL, "stripe")
    (call,) = world.asked()
    sent = parse_qs(call["body"])
    assert sent["line_items[0][price_data][unit_amount]"] == ["1250"]
    assert sent["client_reference_id"] == [payment["id"]]
    assert call["headers"]["idempotency-key"] == payment["id"]
    assert [URL in text for text in world.texts()] == [True]
    world.vendors.prepare("stripe", PAID, path=SESSIONS)
    world.work(after=60)
    assert (world.payment()["state"], world.payment()["payment_id"]) == ("paid", "pi_1")
    assert [one["Subject"] for one in world.peer.messages] == [
        "Thank you for your interest in North",
        "Payment received: €12.50",
    ]


@pytest.mark.parametrize("fault", [{"status": 503}, {"drop": True}])
def test_stripe_down_delays_the_link_and_nothing_else(world, fault):
    world.vendors.fault("stripe", times=MANY, **fault)
    assert world.lead() == (201, 0)
    world.work()
    assert (world.payment()["state"], world.payment()["url"]) == ("asking", None)
    assert ["The link to pay follows" in text for text in world.texts()] == [True]
    keys = world.keys()
    world.vendors.forget()
    world.vendors.prepare("stripe", SESSION, path=SESSIONS)
    world.work(after=HOUR)
    assert world.payment()["state"] == "open"
    assert world.keys() == keys == {world.payment()["id"]}
    assert [URL in text for text in world.texts()] == [False, True]


def test_stripe_that_hangs_is_asked_again_with_the_same_key(world, monkeypatch):
    monkeypatch.setattr("geminicrm.runtime.http_request.LONGEST_SECONDS", 0.2)
    world.vendors.fault("stripe", delay_s=1, times=MANY)
    assert world.lead() == (201, 0)
    world.work()
    assert world.payment()["state"] == "asking"
    monkeypatch.undo()
    world.vendors.forget()
    world.vendors.prepare("stripe", SESSION, path=SESSIONS)
    world.work(after=HOUR)
    assert world.payment()["state"] == "open"
    assert world.keys() == {world.payment()["id"]}


def test_a_mail_server_that_is_down_delays_the_mail_and_nothing_else(world):
    world.peer.sender_answer = "451 4.3.2 Come again later"
    assert world.lead() == (201, 0)
    world.vendors.prepare("stripe", SESSION, path=SESSIONS)
    world.work()
    assert (world.payment()["state"], world.mails(), world.texts()) == ("open", ["queued"], [])
    world.peer.sender_answer = "250 OK"
    world.work(after=30)
    assert (world.mails(), len(world.texts())) == (["sent"], 1)


def test_a_worker_that_ends_before_it_notes_the_link_leaves_one_link_and_one_mail(
    world, monkeypatch
):
    def ended(*_about):
        raise RuntimeError("ended")

    world.lead()
    world.vendors.prepare("stripe", SESSION, SESSION, path=SESSIONS)
    with monkeypatch.context() as patch:
        patch.setattr(Settling, "opened", ended)
        world.work()
    assert (world.payment()["state"], len(world.asked()), world.mails()) == ("asking", 1, [])
    world.work(after=HOUR)
    assert (world.payment()["state"], len(world.asked())) == ("open", 2)
    assert world.keys() == {world.payment()["id"]}
    assert world.mails() == ["sent"]


def test_a_link_is_closed_at_stripe(world):
    world.lead()
    world.vendors.prepare("stripe", SESSION, path=SESSIONS)
    world.work()
    expired = {**SESSION, "status": "expired", "url": None}
    world.vendors.prepare("stripe", expired, path=f"{SESSIONS}/cs_test_1/expire")
    world.core.payments.looker.cancel(world.tenant.owner(), world.payment()["id"])
    assert world.payment()["state"] == "canceled"
    assert world.asked()[-1]["path"].endswith(f"{SESSIONS}/cs_test_1/expire")


def test_what_is_asked_is_what_stripe_describes(world):
    world.lead()
    world.work()
    world.work(after=60)
    world.core.payments.looker.look(world.tenant.id, world.payment()["id"])
    assert {(one["verdict"], tuple(one["errors"])) for one in world.asked()} == {("accepted", ())}
    assert {"POST /v1/checkout/sessions", "GET /v1/checkout/sessions/{session}"} <= (
        world.vendors.exercised("stripe")
    )
