"""What happens to endpoints themselves."""

from dataclasses import replace
from typing import ClassVar, Final

from geminicrm.crm.shared.event_data import Data, event_types, shown
from geminicrm.kernel.events import Event


class WebhookPing(Event):
    """Somebody tries an endpoint: sent to that one alone, whatever it subscribes to."""

    type: ClassVar[str] = "webhook.ping"


class PingData(Data):
    """The endpoint that is tried, and who tries it."""

    endpoint_id: str = shown("whe_1k0sjz304rr90h381ma6yfbe")
    sent_by: str = shown("Ada Byron")


# An endpoint's pings have no versions, and there is nothing in them that anybody may not know.
TYPES: Final = tuple(
    replace(one, versioned=False) for one in event_types(None, (WebhookPing, PingData))
)
