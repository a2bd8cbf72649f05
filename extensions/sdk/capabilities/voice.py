"""Telephone calls through a provider. Numbers are E.164, lengths in seconds."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

CallState = Literal[
    "queued", "ringing", "in_progress", "completed", "busy", "no_answer", "failed", "cancelled"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOrder:
    """A call to make: first `agent` is rung, and put through to `to` (click-to-call).

    `caller_id` is "" for the connection's own number; `script_address` answers with what the
    provider is to do instead of putting through, such as an IVR menu.
    """

    idempotency_key: str
    to: str
    agent: str = ""
    caller_id: str = ""
    record: bool = False
    script_address: str = ""
    status_address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallReport:
    """A call at the provider. `price` is in the smallest unit of `currency`."""

    id: str
    state: CallState
    caller: str
    called: str
    inbound: bool = False
    started_at: datetime | None = None
    seconds: int = 0
    price: int | None = None
    currency: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPage:
    """A part of the calls, the newest first; `next_cursor` is None at the end."""

    calls: tuple[CallReport, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A recording or a voicemail; `transcript` is "" until the provider has one."""

    id: str
    call_id: str
    seconds: int
    at: datetime | None = None
    transcript: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """The sound of a recording, at most 20 MiB."""

    content: bytes
    media_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneNumber:
    """A number, one's own or for sale. `monthly_price` is in the smallest unit of `currency`."""

    number: str
    id: str = ""
    label: str = ""
    region: str = ""
    can_text: bool = False
    can_call: bool = False
    monthly_price: int | None = None
    currency: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserToken:
    """What a browser needs to make calls; it holds for a short time and for one user."""

    token: str
    identity: str
    expires_at: datetime


class Voice(Protocol):
    """The contract `voice`. Every operation raises a ServiceError."""

    def call(self, order: CallOrder) -> CallReport:
        """Make a call, once."""

    def call_status(self, call_id: str) -> CallReport:
        """Give a call as it is now. Raises ServiceNotFound."""

    def calls(self, since: datetime, cursor: str = "", limit: int = 100) -> CallPage:
        """List calls in both directions since a time."""

    def hang_up(self, call_id: str) -> None:
        """End a call; one that has ended is no error."""

    def recordings(self, call_id: str) -> tuple[Recording, ...]:
        """List the recordings and voicemails of a call."""

    def recording_sound(self, recording_id: str) -> Sound:
        """Fetch a recording. Raises ServiceNotFound, ServiceRefused where it is too large."""

    def own_numbers(self) -> tuple[PhoneNumber, ...]:
        """List the numbers that the account has."""

    def find_numbers(self, country: str, contains: str = "") -> tuple[PhoneNumber, ...]:
        """Search numbers for sale in a country (ISO 3166, two letters)."""

    def buy_number(self, idempotency_key: str, number: str, webhook_address: str) -> PhoneNumber:
        """Buy a number, once, and have calls and messages to it reported to an address."""

    def release_number(self, number_id: str) -> None:
        """Give a number back; it is lost."""

    def browser_token(self, user_id: str) -> BrowserToken:
        """Give a user's browser what it needs to make calls."""
