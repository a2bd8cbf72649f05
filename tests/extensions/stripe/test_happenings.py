"""What Stripe's events mean, in the words of the contract."""

import pytest

from extensions.sdk.capabilities.payment_shapes import PaymentEvent
from extensions.stripe.operations.happenings import event as read

NOW = 1768471200


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
def test_an_event_is_read(kind, about, happened, object_id):
    found = read(event(kind, about))
    assert isinstance(found, PaymentEvent)
    assert (found.happened, found.object_id, found.live) == (happened, object_id, False)
