"""What the pages of the portal stand on."""

from dataclasses import dataclass

from marketplace.developer.desk import Desk
from marketplace.developer.preview import Previews
from marketplace.publishers.service import Publishers
from marketplace.service import Registry


@dataclass(frozen=True, kw_only=True)
class Portal:
    """What the pages of the portal stand on."""

    registry: Registry
    publishers: Publishers
    desk: Desk
    previews: Previews
