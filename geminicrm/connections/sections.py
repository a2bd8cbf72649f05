"""What rooms put on the page of a connection of certain integrations."""

from dataclasses import dataclass

from geminicrm.connections.services import Service


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What `url/<connection id>` answers is its HTML, loaded behind the page.

    It is for integrations that provide `capability`, or, with `webhooks`, for those that take some.
    """

    title: str
    url: str
    capability: str = ""
    webhooks: bool = False

    def fits(self, service: Service) -> bool:
        """Tell whether it has something to say of the connections of an integration."""
        return self.capability in service.provides or (self.webhooks and service.takes_webhooks)
