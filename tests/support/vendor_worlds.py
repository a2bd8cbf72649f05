"""Providers over vendors' own descriptions, as the suites of the contracts ask for them."""

from dataclasses import dataclass
from typing import Any

from tests.support.connecting import ask
from tests.support.installed import BuiltIn
from tests.support.vendors import Vendors

_MANY = 50


@dataclass(frozen=True)
class VendorWorld:
    """A connected integration, and the vendor that it talks to."""

    made: BuiltIn
    via: str
    vendors: Vendors
    capability: str

    def ask(self, operation: str, /, **given: Any) -> Any:
        """Have an operation done by way of the connection."""
        return ask(self.made, self.capability, operation, via=self.via, **given)

    def asked(self) -> list[dict[str, Any]]:
        """Give what reached the vendor since it was well."""
        return self.vendors.log(self.made.id)

    def keys(self) -> list[str]:
        """Give the idempotency keys that reached the vendor, in order."""
        return [one["headers"]["idempotency-key"] for one in self.asked()]

    def lose_answers(self) -> None:
        """Break off after each request."""
        self.vendors.fault(self.made.id, drop=True, times=_MANY)

    def be_busy(self) -> None:
        """Say that there are too many calls."""
        self.vendors.fault(self.made.id, status=429, headers={"Retry-After": "0"}, times=_MANY)

    def forget_us(self) -> None:
        """Refuse the credentials."""
        self.vendors.fault(self.made.id, status=401, times=_MANY)

    def be_well(self) -> None:
        """Take all of this back."""
        self.vendors.forget()
