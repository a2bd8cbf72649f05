"""Stripe's events: which checkout they are about."""

from datetime import UTC, datetime

import pytest

from extensions.sdk.webhooks import Changed, Handled, WebhookEvent
from extensions.stripe.extension import Stripe
from tests.support.calling_out import FarSide, app_with


@pytest.mark.parametrize(
    ("kind", "handled"),
    [
        (
            "checkout.session.completed",
            Handled(changed=(Changed(capability="payments", kind="checkout", id="cs_1"),)),
        ),
        (
            "checkout.session.expired",
            Handled(changed=(Changed(capability="payments", kind="checkout", id="cs_1"),)),
        ),
        ("charge.succeeded", Handled(ignored=True)),
    ],
)
def test_an_event_names_its_checkout(kind, handled):
    event = WebhookEvent(
        id="evt_1",
        webhook="events",
        type=kind,
        data={"data": {"object": {"id": "cs_1"}}},
        received_at=datetime(2026, 1, 1, tzinfo=UTC),
        attempt=1,
    )
    assert Stripe(app_with(FarSide(), {})).handle_webhook(event) == handled
