"""What people call the kinds of jobs that there are."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

KIND_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "connections.leave": "Disconnection",
        "event:extensions": "Event",
        "event:payments": "Event",
        "event:sync": "Change to sync",
        "extension.job": "Job",
        "extension.schedule": "Schedule",
        "mail.fetch": "Mailbox",
        "mail.send": "Mail",
        "members.reset": "Password reset",
        "payments.ask": "Payment link",
        "payments.look": "Payment check",
        "sync.run": "Sync",
        "webhook": "Webhook",
    }
)
"""By kind, for pages and notifications; a test sees that no kind that a worker does is left out."""
