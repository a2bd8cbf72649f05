"""Every capability that the core knows, with its contract."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from extensions.sdk.capabilities.ai import Ai
from extensions.sdk.capabilities.automation import Automation
from extensions.sdk.capabilities.calendar import Calendars
from extensions.sdk.capabilities.chat import Chat
from extensions.sdk.capabilities.connection import Connectable
from extensions.sdk.capabilities.crm_sync import CrmSync
from extensions.sdk.capabilities.email import Email, Mailbox
from extensions.sdk.capabilities.identity import Identity
from extensions.sdk.capabilities.payments import Payments
from extensions.sdk.capabilities.sms import Sms
from extensions.sdk.capabilities.storage import FileStorage
from extensions.sdk.capabilities.video import Video
from extensions.sdk.capabilities.voice import Voice

CONNECTION: Final = "connection"
"""What every integration has; it is not listed under `provides`."""

CAPABILITIES: Final[Mapping[str, type]] = MappingProxyType(
    {
        CONNECTION: Connectable,
        "ai": Ai,
        "automation": Automation,
        "calendar": Calendars,
        "chat": Chat,
        "crm_sync": CrmSync,
        "email": Email,
        "identity": Identity,
        "mailbox": Mailbox,
        "payments": Payments,
        "sms": Sms,
        "storage": FileStorage,
        "video": Video,
        "voice": Voice,
    }
)
"""Contracts by the name that manifests list under `provides`."""


def is_own(capability: str) -> bool:
    """Tell whether it is one of an extension's own: `<extension id>.<name>`."""
    return "." in capability
