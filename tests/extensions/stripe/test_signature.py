"""Signatures of webhooks, made here by another way than the code that checks them.

The expected value of the first test was made with
`printf '1768471200.{"id":"evt_1"}' | openssl dgst -sha256 -hmac whsec_test`.
"""

import base64
import hashlib
import json
import time

import pytest

from extensions.sdk.capabilities.payment_shapes import PaymentEvent
from extensions.sdk.service_errors import AccessDenied, ServiceRefused
from extensions.stripe.extension import StripePayments
from extensions.stripe.signature import verify
from tests.support.calling_out import FarSide, app_with

NOW = 1768471200
BODY = b'{"id":"evt_1"}'
SECRET = "whsec_test"
BY_OPENSSL = "fd0c7eead75e68b90768f4a09d4169b084de9e0883fae4090378749ff61590da"


def signed(body, secret, at):
    """HMAC by RFC 2104, written out."""
    key = secret.encode().ljust(64, b"\0")
    inner = hashlib.sha256(bytes(one ^ 0x36 for one in key) + f"{at}.".encode() + body).digest()
    return hashlib.sha256(bytes(one ^ 0x5C for one in key) + inner).hexdigest()


def test_what_openssl_signs_is_good():
    assert signed(BODY, SECRET, NOW) == BY_OPENSSL
    verify(BODY, f"t={NOW},v1={BY_OPENSSL}", [SECRET], NOW)


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_five_minutes_both_ways_are_near_enough(seconds):
    verify(BODY, f"t={NOW},v1={signed(BODY, SECRET, NOW)}", [SECRET], NOW + seconds)


@pytest.mark.parametrize("seconds", [-301, 301, 3600])
def test_what_is_not_of_now_is_refused(seconds):
    with pytest.raises(AccessDenied, match="not of now"):
        verify(BODY, f"t={NOW},v1={signed(BODY, SECRET, NOW)}", [SECRET], NOW + seconds)


def test_two_secrets_and_two_signatures_are_good_while_one_is_rolled():
    header = f"t={NOW},v1={signed(BODY, 'whsec_old', NOW)},v1={signed(BODY, 'whsec_new', NOW)}"
    verify(BODY, header, [SECRET, "whsec_old"], NOW)
    verify(BODY, header, ["whsec_new", ""], NOW)


@pytest.mark.parametrize(
    "header",
    [
        "",
        f"v1={signed(BODY, SECRET, NOW)}",
        f"t=x,v1={signed(BODY, SECRET, NOW)}",
        f"t=²,v1={signed(BODY, SECRET, NOW)}",
        f"t={NOW}",
        f"t={NOW},v1=",
        f"t={NOW},v1=ü",
        f"t={NOW},v0={signed(BODY, SECRET, NOW)}",
        f"t={NOW},v1={signed(BODY + b' ', SECRET, NOW)}",
        f"t={NOW},v1={signed(BODY, '', NOW)}",
        f"t={NOW - 1},v1={signed(BODY, SECRET, NOW)}",
    ],
)
def test_what_does_not_fit_is_refused(header):
    with pytest.raises(AccessDenied):
        verify(BODY, header, [SECRET, ""], NOW)


def webhook(data, secret=SECRET):
    body = json.dumps(data).encode()
    at = int(time.time())
    return body, {"Stripe-Signature": f"t={at},v1={signed(body, secret, at)}"}


def reader(**secrets):
    return StripePayments(app_with(FarSide(), {}, **secrets))


def event(kind, about):
    return {
        "id": "evt_1",
        "type": kind,
        "created": NOW,
        "livemode": False,
        "data": {"object": about},
    }


@pytest.mark.parametrize(
    ("kind", "about", "happened", "object_id"),
    [
        ("payment_intent.succeeded", {"id": "pi_1"}, "payment_succeeded", "pi_1"),
        (
            "checkout.session.completed",
            {"id": "cs_1", "payment_status": "paid"},
            "checkout_paid",
            "cs_1",
        ),
        ("checkout.session.completed", {"id": "cs_1", "payment_status": "unpaid"}, "other", "cs_1"),
        ("charge.refunded", {"id": "ch_1", "payment_intent": "pi_1"}, "refund_changed", "pi_1"),
        ("customer.subscription.deleted", {"id": "sub_1"}, "subscription_ended", "sub_1"),
        ("balance.available", {"object": "balance"}, "other", ""),
    ],
)
def test_a_signed_webhook_is_read(kind, about, happened, object_id):
    found = reader(webhook_secret=SECRET).read_webhook(*webhook(event(kind, about)))
    assert isinstance(found, PaymentEvent)
    assert (found.happened, found.object_id, found.live) == (happened, object_id, False)


def test_the_secret_before_holds_as_long_as_it_stands_there():
    data = event("payment_intent.succeeded", {"id": "pi_1"})
    both = reader(webhook_secret="whsec_new", previous_webhook_secret=SECRET)
    assert both.read_webhook(*webhook(data)).object_id == "pi_1"


def test_without_a_secret_nothing_is_believed():
    with pytest.raises(AccessDenied, match="Without a webhook signing secret"):
        reader().read_webhook(*webhook(event("x", {}), secret=""))


def test_a_signed_text_that_is_no_event_is_refused():
    with pytest.raises(ServiceRefused, match="no event"):
        reader(webhook_secret=SECRET).read_webhook(*webhook(["x"]))


def test_a_forged_one_is_not_even_read():
    with pytest.raises(AccessDenied):
        reader(webhook_secret=SECRET).read_webhook(b"no JSON", {"stripe-signature": "t=1,v1=1"})


def test_base64_is_no_form_that_stripe_signs_in():
    raw = bytes.fromhex(signed(BODY, SECRET, NOW))
    with pytest.raises(AccessDenied):
        verify(BODY, f"t={NOW},v1={base64.b64encode(raw).decode()}", [SECRET], NOW)
