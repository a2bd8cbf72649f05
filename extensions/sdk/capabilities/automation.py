"""Automation services: what happens here starts something there."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """Something that happened, to be handed to an automation.

    `data` is the record as JSON text, so that every provider hands on the same.
    """

    idempotency_key: str
    event_type: str
    at: datetime
    data: str
    source: str = "geminicrm"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """An address of the service that wants events; `id` is ours."""

    id: str
    event_type: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerResult:
    """What the service said: `run_id` is its own, "" where it gives none."""

    state: Literal["taken", "gone"]
    run_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedAction:
    """Something that automations may do here; `fields` are labels by name."""

    id: str
    label: str
    fields: Mapping[str, str]


class Automation(Protocol):
    """The contract `automation`. Every operation raises a ServiceError."""

    def trigger(self, trigger: Trigger, address: str = "") -> TriggerResult:
        """Hand an event over; `address` is "" for the connection's own.

        `gone` says that nobody wants it any more (410), so that the subscription ends.
        """

    def check_subscription(self, subscription: Subscription) -> bool:
        """Tell whether an address is the service's and may be subscribed."""

    def sample(self, event_type: str) -> str:
        """Give a sample of an event as this service gets it, as JSON text."""

    def definition(self, actions: tuple[OfferedAction, ...]) -> str:
        """Give the app or module definition to upload at the service, as JSON text."""
