"""Stripe's and HubSpot's own events, signed as they sign: what they tell of is read at once."""

import base64
import hashlib
import hmac
import json

import pytest

from geminicrm.app import create_app
from geminicrm.crm.shared.listing import ListQuery
from geminicrm.payments.listing import list_payments
from geminicrm.payments.models import Payment
from geminicrm.payments.requesting import NewPaymentRequest, request_payment
from geminicrm.syncing.choosing import Choice
from tests.support.connecting import connect
from tests.support.webhooks_in import signature
from tests.support.working import Hands

KEY = "rk_test_of_north_0123456789"
SECRET = "whsec_of_the_endpoint"
CLIENT_SECRET = "client-secret-of-the-app"
SESSIONS = "checkout/sessions"
AT = "2026-01-15T10:00:00Z"
SESSION = {
    "object": "checkout.session",
    "id": "cs_test_1",
    "url": "https://checkout.stripe.com/c/pay/cs_test_1",
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
OWNERS = "/crm/v3/owners/"
CONTACTS = "/crm/v3/objects/contacts/batch/read"


class World:
    """An integration with a connection, and a worker."""

    def __init__(self, made, connection_id):
        self.core, self.tenant, self.connection_id = made.core, made.tenant, connection_id
        self.hands = Hands(made.core, made.core.sinks(), made.core.kinds(), made.core.watchers())
        paths = made.core.incoming.addresses.paths(made.tenant.owner(), made.id, connection_id)
        ((_, self.path),) = paths
        self.url = f"{made.core.settings.public_url}{self.path}"
        self.client = create_app(core=made.core).test_client(use_cookies=False)

    def now(self):
        return self.core.works.clock.now().timestamp()

    def states(self):
        answer = self.client.get("/api/webhook-receipts", headers=self.tenant.headers())
        return [one["events"] for one in answer.json["data"]]


@pytest.fixture
def world(open_built_in):
    opened = []

    def open_world(extension_id, **config):
        made = open_built_in(extension_id)
        opened.append(World(made, connect(made, **config)))
        made.core.runtime.reconcile()
        return opened[-1]

    yield open_world
    [one.hands.close() for one in opened]


@pytest.fixture
def shop(world, vendors):
    """Give Stripe with an open link of a payment."""
    base = vendors.base_url("stripe")
    made = world("stripe", api_key=KEY, base_url=base, webhook_secret=SECRET)
    vendors.prepare("stripe", SESSION, path=SESSIONS)
    lead = made.core.crm.leads.create(made.tenant.owner(), {"last_name": "Ada"})
    new = NewPaymentRequest(
        related=("lead", lead["id"]), amount=1250, currency="EUR", description="Consulting",
        send_mail=False,
    )  # fmt: skip
    with made.core.works.write(made.tenant.owner()) as work:
        request_payment(work, new)
    made.hands.work()
    return made


def told_by_stripe(shop, session, kind="checkout.session.completed", key="evt_1"):
    event = {"id": key, "object": "event", "type": kind, "created": 1, "livemode": False,
             "data": {"object": session}}  # fmt: skip
    body = json.dumps(event).encode()
    headers = {"Stripe-Signature": signature(body, shop.now(), SECRET)}
    return shop.client.post(shop.path, data=body, headers=headers).status_code


def payment_of(shop):
    with shop.core.works.read(shop.tenant.owner()) as work:
        (found,) = list_payments(work).data
        return found


@pytest.mark.parametrize("way", ["in-process", "sandboxed"])
def test_a_payment_is_paid_at_once_when_stripe_says_so(shop, vendors):
    assert payment_of(shop)["state"] == "open"
    vendors.prepare("stripe", PAID, path=SESSIONS)
    assert told_by_stripe(shop, PAID) == 200
    shop.hands.work()  # and no time has passed
    found = payment_of(shop)
    assert (found["state"], found["payment_id"]) == ("paid", "pi_1")
    assert shop.states() == [{"done": 1}]


def test_what_the_event_says_is_not_believed_but_read(shop, vendors):
    vendors.prepare("stripe", SESSION, path=SESSIONS)
    assert told_by_stripe(shop, PAID) == 200
    shop.hands.work()
    assert payment_of(shop)["state"] == "open"


def test_a_look_that_is_under_way_is_followed_by_another(shop):
    told_by_stripe(shop, PAID)
    shop.hands.work()
    with shop.core.works.read(shop.tenant.owner()) as work:
        row = work.get(Payment, payment_of(shop)["id"])
        assert row.next_look_at is not None


def test_other_events_of_stripe_mean_nothing_here(shop):
    assert told_by_stripe(shop, {"id": "ch_1"}, kind="charge.succeeded") == 200
    shop.hands.work()
    assert shop.states() == [{"ignored": 1}]


def test_hubspots_signature_is_none_of_stripe(shop):
    body = b"[]"
    answer = shop.client.post(shop.path, data=body, headers=signed_by_hubspot(shop, body))
    assert answer.status_code == 401


def signed_by_hubspot(world, body):
    told = str(int(world.now() * 1000))
    text = b"POST" + world.url.encode() + body + told.encode()
    made = hmac.new(CLIENT_SECRET.encode(), text, hashlib.sha256).digest()
    return {
        "X-HubSpot-Signature-v3": base64.b64encode(made).decode(),
        "X-HubSpot-Request-Timestamp": told,
        "Content-Type": "application/json",
    }


@pytest.fixture
def far(world, vendors):
    """Give HubSpot, whose contacts are synced inwards."""
    base = vendors.base_url("hubspot")
    made = world(
        "hubspot", access_token="pat-eu1-north", base_url=base, client_secret=CLIENT_SECRET
    )
    vendors.prepare("hubspot", {"total": 0, "results": []})
    with made.core.works.write(made.tenant.owner()) as work:
        choice = Choice(enabled=True, kinds=["contact"], direction="in")
        made.core.syncing.change(work, made.connection_id, choice)
    made.hands.work()
    vendors.forget()
    return made


def told_by_hubspot(far, *events):
    body = json.dumps(
        [
            {"eventId": at, "subscriptionId": 1, "portalId": 7, "occurredAt": 1, "attemptNumber": 0,
             **one}
            for at, one in enumerate(events, 1)
        ]
    ).encode()  # fmt: skip
    return far.client.post(far.path, data=body, headers=signed_by_hubspot(far, body)).status_code


def contact(identifier, email):
    return {
        "id": identifier, "createdAt": AT, "updatedAt": AT,
        "properties": {"email": email, "lastname": "Far", "lastmodifieddate": AT},
    }  # fmt: skip


def read(*records):
    return {"status": "COMPLETE", "startedAt": AT, "completedAt": AT, "results": list(records)}


def ours(far, email):
    query = ListQuery(filters={"email": email})
    return far.core.crm.contacts.list(far.tenant.owner(), query).data


@pytest.mark.parametrize("way", ["in-process", "sandboxed"])
def test_a_contact_that_hubspot_tells_of_comes_in_at_once(far, vendors):
    vendors.prepare("hubspot", {"results": []}, path=OWNERS)
    vendors.prepare("hubspot", read(contact("9001", "far@x.example")), path=CONTACTS)
    event = {"subscriptionType": "contact.creation", "objectId": 9001}
    other = {"subscriptionType": "ticket.creation", "objectId": 5}
    assert told_by_hubspot(far, event, other) == 200
    far.hands.work()
    assert [one["last_name"] for one in ours(far, "far@x.example")] == ["Far"]
    asked = [one["path"] for one in vendors.log("hubspot") if one["path"] != OWNERS]
    assert [path.rpartition("/contacts")[2] for path in asked] == ["/batch/read"]
    assert far.states() == [{"done": 1, "ignored": 1}]


def test_a_batch_that_comes_again_is_read_once(far, vendors):
    vendors.prepare("hubspot", {"results": []}, path=OWNERS)
    vendors.prepare("hubspot", read(contact("9001", "far@x.example")), path=CONTACTS)
    event = {"subscriptionType": "object.propertyChange", "objectTypeId": "0-1", "objectId": 9001}
    statuses = {told_by_hubspot(far, event) for _ in range(3)}
    far.hands.work()
    assert statuses == {200}
    assert len([one for one in vendors.log("hubspot") if one["path"] == CONTACTS]) == 1


def test_a_contact_that_is_gone_there_is_looked_for_among_the_archived(far, vendors):
    vendors.prepare("hubspot", {"results": []}, path=OWNERS)
    assert told_by_hubspot(far, {"subscriptionType": "contact.deletion", "objectId": 9001}) == 200
    far.hands.work()
    (asked,) = [one for one in vendors.log("hubspot") if one["path"] != OWNERS]
    assert "archived=true" in (asked.get("query") or asked["path"])
