"""Between Stripe's values and the contract's: forms, amounts, ids, moments.

Sources: Stripe API reference, "Request bodies are form-encoded" (names nest in brackets, lists
carry their index); docs.stripe.com/currencies, "Zero-decimal currencies", "Three-decimal
currencies" and "Special cases" (where Stripe counts otherwise than ISO 4217).
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlencode

from extensions.sdk.capabilities.payment_shapes import Money
from extensions.sdk.service_errors import ServiceRefused

# Without decimals at ISO 4217; at Stripe still with two, which have to be 00.
PADDED: Final = frozenset({"ISK", "UGX"})
# With two decimals at ISO 4217 and none at Stripe.
CUT: Final = frozenset({"MGA"})
# The last of three decimals has to be 0: the card networks take no more than two.
THREE_DECIMAL: Final = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})
_HUNDRED: Final = 100
_STEPS: Final[Mapping[str, int]] = MappingProxyType(
    dict.fromkeys(CUT, _HUNDRED) | dict.fromkeys(THREE_DECIMAL, 10)
)


def encoded(values: Mapping[str, object]) -> str:
    """Give the text of a form; None is left out, "" stays: it empties a value at Stripe."""
    return urlencode([pair for name, value in values.items() for pair in _pairs(name, value)])


def given(text: str) -> str | None:
    """Give a text of the contract, where "" says that there is none."""
    return text or None


def to_stripe(money: Money) -> int:
    """Give Stripe's amount. ServiceRefused where Stripe can't move just this much."""
    if money.amount <= 0:
        raise ServiceRefused("Give an amount above 0.", service_code="amount_too_small")
    step = _STEPS.get(money.currency, 1)
    if money.amount % step:
        raise ServiceRefused(
            f"Stripe takes {money.currency} in steps of {step} minor units: "
            f"{money.amount} is none. Round it.",
            service_code="amount_not_divisible",
        )
    if money.currency in PADDED:
        return money.amount * _HUNDRED
    return money.amount // _HUNDRED if money.currency in CUT else money.amount


def from_stripe(amount: int, currency: str) -> Money:
    """Give an amount of the contract. Fractions of a krona, which ended in 2023, are cut off."""
    code = currency.upper()
    if code in PADDED:
        return Money(amount=amount // _HUNDRED, currency=code)
    return Money(amount=amount * _HUNDRED if code in CUT else amount, currency=code)


def currency_of(money: Money) -> str:
    """Give the code as Stripe writes it."""
    return money.currency.lower()


def when(seconds: int) -> datetime:
    """Give a moment in UTC."""
    return datetime.fromtimestamp(seconds, UTC)


def id_of(value: Any) -> str:
    """Give the id of a thing that stands there as an id, whole, or not at all."""
    return str(value["id"]) if isinstance(value, Mapping) else str(value or "")


def text(data: Mapping[str, Any], name: str) -> str:
    """Give a text that may be missing or null."""
    return str(data.get(name) or "")


def texts(data: Mapping[str, Any], name: str) -> dict[str, str]:
    """Give texts by name, none where they are missing or null."""
    return {str(key): str(value) for key, value in (data.get(name) or {}).items()}


def _pairs(name: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for inner, one in value.items():
            yield from _pairs(f"{name}[{_named(inner)}]", one)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for index, one in enumerate(value):
            yield from _pairs(f"{name}[{index}]", one)
    elif value is not None:
        yield name, _text(value)


def _named(inner: str) -> str:
    # A name with a bracket would be read as another level: values could be set that nobody gave.
    if not inner or "[" in inner or "]" in inner:
        raise ServiceRefused(f"{inner!r} is no name that Stripe takes: leave brackets out.")
    return inner


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return str(int(value.timestamp()))
    return str(value)
