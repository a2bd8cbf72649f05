"""Short messages: SMS and WhatsApp. Numbers are E.164, such as +4930123456."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

Channel = Literal["sms", "whatsapp"]
MessageState = Literal["queued", "sent", "delivered", "read", "failed", "received"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TextMessage:
    """A message to send; `sender` is "" for the connection's own number.

    `media` are public https addresses. With the same `idempotency_key` it is sent once where the
    provider knows such keys; where not, OutcomeUnknown leaves it to a person.
    """

    idempotency_key: str
    to: str
    text: str
    sender: str = ""
    channel: Channel = "sms"
    media: tuple[str, ...] = ()
    status_address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageReport:
    """A message at the provider, sent or received. `price` is in the smallest unit of `currency`.

    `segments` are what it is billed by; `error` is the provider's reason where it failed.
    """

    id: str
    state: MessageState
    sender: str
    to: str
    channel: Channel = "sms"
    text: str = ""
    media: tuple[str, ...] = ()
    at: datetime | None = None
    segments: int = 1
    price: int | None = None
    currency: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagePage:
    """A part of the messages, the newest first; `next_cursor` is None at the end."""

    messages: tuple[MessageReport, ...]
    next_cursor: str | None


class Sms(Protocol):
    """The contract `sms`. Every operation raises a ServiceError."""

    def send_text(self, message: TextMessage) -> MessageReport:
        """Send a message, once."""

    def text_status(self, message_id: str) -> MessageReport:
        """Give a message as it is now. Raises ServiceNotFound."""

    def texts(self, since: datetime, cursor: str = "", limit: int = 100) -> MessagePage:
        """List messages in both directions since a time."""

    def own_senders(self) -> tuple[str, ...]:
        """List the numbers that messages can be sent from."""
