"""How a conversation with a host can end early; none of these leaves this room.

NotBegun   the host has not begun what was asked for: asking again is safe
Lost       the connection ended while the host was at it
Late       the deadline has passed while the host was at it
Exceeded   the host wanted more of the core than one call may
"""


class NotBegun(Exception):
    """The host has not begun what was asked for; another may be asked."""


class Lost(Exception):
    """The host is gone, and nobody knows how far it came."""


class Late(Exception):
    """The deadline has passed; the host may be at it for ever."""


class Exceeded(Exception):
    """The host called back too often, or moved too many bytes, in one conversation."""
