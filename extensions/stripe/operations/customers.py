"""Customers and their payment methods."""

from collections.abc import Mapping
from typing import Any

from extensions.sdk.capabilities.payment_shapes import Customer, CustomerDetails, PaymentMethod

from ..client import Api, path
from ..mapping import id_of, text, texts


class Customers:
    """The operations on customers and payment methods."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def create_customer(self, details: CustomerDetails, idempotency_key: str) -> Customer:
        """Make one."""
        return self._api.post(path("customers"), customer, _form(details), idempotency_key)

    def get_customer(self, customer_id: str) -> Customer:
        """Read one."""
        return self._api.get(path("customers", customer_id), customer)

    def find_customers(self, email: str) -> tuple[Customer, ...]:
        """Give those with an address; Stripe tells capitals apart."""
        return self._api.all(path("customers"), customer, email=email)

    def update_customer(
        self, customer_id: str, details: CustomerDetails, idempotency_key: str
    ) -> Customer:
        """Change what is given."""
        where = path("customers", customer_id)
        return self._api.post(where, customer, _form(details), idempotency_key)

    def delete_customer(self, customer_id: str) -> None:
        """Delete one."""
        self._api.delete(path("customers", customer_id), customer)

    def list_payment_methods(self, customer_id: str) -> tuple[PaymentMethod, ...]:
        """Give all of a customer."""
        return self._api.all(path("customers", customer_id, "payment_methods"), payment_method)

    def attach_payment_method(
        self, method_id: str, customer_id: str, idempotency_key: str
    ) -> PaymentMethod:
        """Keep one for a customer."""
        where = path("payment_methods", method_id, "attach")
        return self._api.post(where, payment_method, {"customer": customer_id}, idempotency_key)

    def detach_payment_method(self, method_id: str, idempotency_key: str) -> PaymentMethod:
        """Take one away."""
        where = path("payment_methods", method_id, "detach")
        return self._api.post(where, payment_method, {}, idempotency_key)


def customer(data: Mapping[str, Any]) -> Customer:
    """Read one; of a deleted one only the id is left."""
    return Customer(
        id=data["id"],
        email=text(data, "email"),
        name=text(data, "name"),
        phone=text(data, "phone"),
        metadata=texts(data, "metadata"),
        deleted=data.get("deleted") is True,
    )


def payment_method(data: Mapping[str, Any]) -> PaymentMethod:
    """Read one; brand and digits are a card's or a bank account's."""
    kind = data["type"]
    detail = data.get(kind) or {}
    return PaymentMethod(
        id=data["id"],
        kind=kind,
        customer_id=id_of(data.get("customer")),
        brand=text(detail, "brand") or text(detail, "bank_name"),
        last_digits=text(detail, "last4"),
        expires=f"{detail['exp_year']}-{detail['exp_month']:02}" if "exp_year" in detail else "",
    )


def _form(details: CustomerDetails) -> dict[str, object]:
    return {
        "email": details.email,
        "name": details.name,
        "phone": details.phone,
        "metadata": details.metadata,
    }
