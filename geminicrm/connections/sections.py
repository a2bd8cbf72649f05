"""What rooms put on the page of a connection whose integration provides a capability."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What `url/<connection id>` answers is its HTML, loaded behind the page."""

    title: str
    url: str
    capability: str
