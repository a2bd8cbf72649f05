"""What happens to endpoints by themselves."""

from dataclasses import replace
from typing import ClassVar, Final

from geminicrm.crm.shared.event_data import Data, event_types, shown
from geminicrm.kernel.events import Event


class EndpointDisabled(Event):
    """A webhook endpoint was switched off because nothing could be delivered to it."""

    type: ClassVar[str] = "endpoint.disabled"


class DisabledData(Data):
    """The endpoint, and why; of its address only scheme and host."""

    id: str = shown("whe_1k0sjz304rr90h381ma6yfbe")
    address: str = shown("https://hooks.example.com")
    description: str = shown("Order desk")
    state: str = shown("disabled")
    reason: str = shown("It answered 410: it wants nothing more.")
    failing_since: str | None = shown("2026-11-16T09:00:00.000000Z")


TYPES: Final = tuple(
    replace(one, versioned=False)
    for one in event_types("read:webhooks", (EndpointDisabled, DisabledData))
)
