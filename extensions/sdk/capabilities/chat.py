"""Messages to a team's chat program: channels and people."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatButton:
    """A button under a message: `action` comes back with `value` when it is pressed.

    With `url` it is a link and nothing comes back.
    """

    label: str
    action: str = ""
    value: str = ""
    url: str = ""
    style: Literal["plain", "primary", "danger"] = "plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatField:
    """A label and a value, shown side by side."""

    label: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatMessage:
    """A message to post; `text` is plain and stands for itself where nothing else can be shown.

    `place` is the id of a channel or of a user. `thread_id` answers in a thread.
    """

    idempotency_key: str
    place: str
    text: str
    title: str = ""
    title_url: str = ""
    fields: tuple[ChatField, ...] = ()
    buttons: tuple[ChatButton, ...] = ()
    thread_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedMessage:
    """A message at the provider."""

    id: str
    place: str
    thread_id: str = ""
    url: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A channel that messages can be posted to."""

    id: str
    name: str
    private: bool = False
    member: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelPage:
    """A part of the channels; `next_cursor` is None at the end."""

    channels: tuple[Channel, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatUser:
    """Somebody in the chat program."""

    id: str
    name: str
    email: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkPreview:
    """What is shown below a link to one of our pages; `fields` by label."""

    title: str
    text: str = ""
    fields: dict[str, str] = field(default_factory=dict)


class Chat(Protocol):
    """The contract `chat`. Every operation raises a ServiceError."""

    def post(self, message: ChatMessage) -> PostedMessage:
        """Post a message, once."""

    def change(self, message_id: str, message: ChatMessage) -> PostedMessage:
        """Put a message in place of one that was posted. Raises ServiceNotFound."""

    def remove(self, place: str, message_id: str) -> None:
        """Take a message away; one that is gone is no error."""

    def channels(self, cursor: str = "", limit: int = 100) -> ChannelPage:
        """List channels."""

    def user_by_email(self, email: str) -> ChatUser:
        """Find a user by address. Raises ServiceNotFound."""

    def unfurl(self, place: str, message_id: str, previews: dict[str, LinkPreview]) -> None:
        """Show previews below links of a message, by address."""
