"""Data classes of the contract `payments`.

Amounts are whole minor units of ISO 4217: 500 JPY is 500, 1.230 KWD is 1230.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

PaymentStatus: TypeAlias = Literal[
    "requires_method",
    "requires_confirmation",
    "requires_action",
    "processing",
    "requires_capture",
    "succeeded",
    "canceled",
]
SubscriptionStatus: TypeAlias = Literal[
    "incomplete", "trialing", "active", "past_due", "unpaid", "paused", "canceled"
]
RefundStatus: TypeAlias = Literal["pending", "requires_action", "succeeded", "failed", "canceled"]
Interval: TypeAlias = Literal["day", "week", "month", "year"]
Happened: TypeAlias = Literal[
    "payment_succeeded",
    "payment_failed",
    "payment_canceled",
    "checkout_paid",
    "checkout_expired",
    "refund_changed",
    "subscription_changed",
    "subscription_ended",
    "other",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """An amount of minor units; `currency` is the ISO 4217 code in capitals."""

    amount: int
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerDetails:
    """What is known of a customer; None leaves a value as it is."""

    email: str | None = None
    name: str | None = None
    phone: str | None = None
    metadata: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """A customer at the provider."""

    id: str
    email: str
    name: str
    phone: str
    metadata: Mapping[str, str]
    deleted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentMethod:
    """How somebody pays; never a whole card number. `expires` is `YYYY-MM`, "" for none."""

    id: str
    kind: str
    customer_id: str
    brand: str = ""
    last_digits: str = ""
    expires: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPayment:
    """A payment to ask for; `hold` only reserves the money until it is captured."""

    money: Money
    customer_id: str = ""
    method_id: str = ""
    description: str = ""
    receipt_email: str = ""
    return_url: str = ""
    hold: bool = False
    confirm: bool = False
    metadata: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """A payment intent. `received` is in minor units; `next_url` is where the payer has to go.

    `client_secret` is for the payer's browser: it may be shown to nobody else, and never logged.
    """

    id: str
    status: PaymentStatus
    money: Money
    received: int
    client_secret: str
    customer_id: str
    receipt_email: str
    created_at: datetime
    next_url: str
    failure: str
    metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutLine:
    """What is sold: a price that the provider keeps, or a name with its price.

    `every` makes it recur; only for subscriptions.
    """

    price_id: str = ""
    name: str = ""
    money: Money | None = None
    quantity: int = 1
    every: Interval | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCheckout:
    """A page of the provider where somebody pays; `reference` is our own name for it."""

    lines: tuple[CheckoutLine, ...]
    success_url: str
    cancel_url: str = ""
    subscribe: bool = False
    customer_id: str = ""
    customer_email: str = ""
    receipt_email: str = ""
    reference: str = ""
    expires_at: datetime | None = None
    metadata: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """A checkout link; `url` is "" when it is no longer open."""

    id: str
    url: str
    status: Literal["open", "complete", "expired"]
    paid: bool
    total: Money | None
    payment_id: str
    subscription_id: str
    customer_id: str
    reference: str
    expires_at: datetime
    metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPrice:
    """A price that recurs, for subscriptions."""

    name: str
    money: Money
    every: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """A price that the provider keeps; `money` is None where it depends on the quantity."""

    id: str
    money: Money | None
    every: Interval | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSubscription:
    """A customer pays prices again and again; `prices` maps their ids to quantities."""

    customer_id: str
    prices: Mapping[str, int]
    method_id: str = ""
    trial_days: int = 0
    metadata: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A subscription; `paid_until` is the end of the current period."""

    id: str
    status: SubscriptionStatus
    customer_id: str
    prices: Mapping[str, int]
    paid_until: datetime
    ends_then: bool
    metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRefund:
    """Money to give back; without `money` all that is left of the payment."""

    payment_id: str
    money: Money | None = None
    reason: Literal["duplicate", "fraudulent", "requested_by_customer"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """Money given back; `failure` is the provider's reason, "" for none."""

    id: str
    payment_id: str
    money: Money
    status: RefundStatus
    failure: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentEvent:
    """What happened at the provider; `type` is its own name for it, `object_id` what it is about.

    Events come twice and out of order: read the object again before acting on one.
    """

    id: str
    type: str
    happened: Happened
    object_id: str
    created_at: datetime
    live: bool
