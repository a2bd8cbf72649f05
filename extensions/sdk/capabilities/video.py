"""Online meetings. Lengths are in minutes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingDraft:
    """A meeting to schedule; without `starts_at` it begins at once."""

    idempotency_key: str
    title: str
    starts_at: datetime | None = None
    minutes: int = 30
    zone: str = "UTC"
    kind: Literal["meeting", "webinar"] = "meeting"
    waiting_room: bool = True
    record: bool = False
    registration: bool = False
    agenda: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """A meeting at the provider; `host_url` is for the host alone."""

    id: str
    title: str
    join_url: str
    host_url: str = ""
    passcode: str = ""
    dial_in: tuple[str, ...] = ()
    starts_at: datetime | None = None
    minutes: int = 0
    state: Literal["waiting", "started", "ended"] = "waiting"


@dataclass(frozen=True, slots=True, kw_only=True)
class Registrant:
    """Somebody who has signed up; `join_url` is theirs alone."""

    email: str
    first_name: str = ""
    last_name: str = ""
    id: str = ""
    join_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Participant:
    """Somebody who was there."""

    name: str
    email: str = ""
    joined_at: datetime | None = None
    left_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingRecording:
    """A recording; `url` may need the account's sign-in."""

    id: str
    url: str
    kind: str = "video"
    size: int = 0
    started_at: datetime | None = None


class Video(Protocol):
    """The contract `video`. Every operation raises a ServiceError."""

    def schedule(self, meeting: MeetingDraft) -> Meeting:
        """Make a meeting, once."""

    def meeting(self, meeting_id: str) -> Meeting:
        """Give a meeting. Raises ServiceNotFound."""

    def reschedule(self, meeting_id: str, meeting: MeetingDraft) -> Meeting:
        """Change a meeting. Raises ServiceNotFound."""

    def cancel(self, meeting_id: str) -> None:
        """Take a meeting away; one that is gone is no error."""

    def end(self, meeting_id: str) -> None:
        """End a meeting that runs."""

    def register(self, meeting_id: str, registrant: Registrant) -> Registrant:
        """Sign somebody up; again gives the same."""

    def participants(self, meeting_id: str) -> tuple[Participant, ...]:
        """List who was there; empty until it has ended."""

    def recordings(self, meeting_id: str) -> tuple[MeetingRecording, ...]:
        """List the recordings; empty until the provider has made them."""
