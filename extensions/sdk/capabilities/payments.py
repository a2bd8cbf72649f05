"""The contract `payments`: customers, payments, checkout links, subscriptions, refunds, events.

Whoever creates something gives an idempotency key: the same key with the same values is done once,
however often it is asked. Every operation raises ServiceError.
"""

from typing import Protocol

from extensions.sdk.capabilities.payment_shapes import (
    Checkout,
    Customer,
    CustomerDetails,
    Money,
    NewCheckout,
    NewPayment,
    NewPrice,
    NewRefund,
    NewSubscription,
    Payment,
    PaymentEvent,
    PaymentMethod,
    Price,
    Refund,
    Subscription,
)


class Payments(Protocol):
    """What a provider of payments does. Lists are whole: paging is the provider's business."""

    def create_customer(self, details: CustomerDetails, idempotency_key: str) -> Customer:
        """Make a customer."""

    def get_customer(self, customer_id: str) -> Customer:
        """Read one; a deleted one says so. Raises ServiceNotFound."""

    def find_customers(self, email: str) -> tuple[Customer, ...]:
        """Give those with this address, spelled like this."""

    def update_customer(
        self, customer_id: str, details: CustomerDetails, idempotency_key: str
    ) -> Customer:
        """Change what is given."""

    def delete_customer(self, customer_id: str) -> None:
        """Delete one for good, and end its subscriptions."""

    def list_payment_methods(self, customer_id: str) -> tuple[PaymentMethod, ...]:
        """Give all of a customer."""

    def attach_payment_method(
        self, method_id: str, customer_id: str, idempotency_key: str
    ) -> PaymentMethod:
        """Keep one for a customer."""

    def detach_payment_method(self, method_id: str, idempotency_key: str) -> PaymentMethod:
        """Take one from its customer; it can't be used again."""

    def create_payment(self, new: NewPayment, idempotency_key: str) -> Payment:
        """Ask for a payment. A declined card is ServiceRefused."""

    def get_payment(self, payment_id: str) -> Payment:
        """Read one."""

    def confirm_payment(
        self, payment_id: str, idempotency_key: str, method_id: str = "", return_url: str = ""
    ) -> Payment:
        """Have it paid with a method."""

    def capture_payment(
        self, payment_id: str, idempotency_key: str, money: Money | None = None
    ) -> Payment:
        """Take what was held, or a part of it; the rest is let go."""

    def cancel_payment(self, payment_id: str, idempotency_key: str) -> Payment:
        """Cancel one that is not paid yet."""

    def create_checkout(self, new: NewCheckout, idempotency_key: str) -> Checkout:
        """Make a link where somebody can pay."""

    def get_checkout(self, checkout_id: str) -> Checkout:
        """Read one."""

    def expire_checkout(self, checkout_id: str, idempotency_key: str) -> Checkout:
        """Close an open one."""

    def create_price(self, new: NewPrice, idempotency_key: str) -> Price:
        """Make a price for subscriptions, with a product of its name."""

    def create_subscription(self, new: NewSubscription, idempotency_key: str) -> Subscription:
        """Begin a subscription."""

    def get_subscription(self, subscription_id: str) -> Subscription:
        """Read one."""

    def list_subscriptions(self, customer_id: str) -> tuple[Subscription, ...]:
        """Give all of a customer, ended ones too."""

    def cancel_subscription(self, subscription_id: str, *, at_period_end: bool) -> Subscription:
        """End it now or with what is paid; asked twice it is the same."""

    def create_refund(self, new: NewRefund, idempotency_key: str) -> Refund:
        """Give money back, whole or in parts."""

    def list_refunds(self, payment_id: str) -> tuple[Refund, ...]:
        """Give all of a payment."""

    def get_event(self, event_id: str) -> PaymentEvent:
        """Read one event."""
