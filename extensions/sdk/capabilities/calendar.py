"""Calendars: events of people, kept the same here and at a provider.

Times with a zone are aware datetimes; `zone` is an IANA name, which recurring events need so that
they keep their hour when clocks change. Whole days are dates, the last one not included.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, Protocol

Answer = Literal["needs_action", "accepted", "declined", "tentative"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """One calendar of the account; `id` is the provider's."""

    id: str
    name: str
    zone: str = "UTC"
    primary: bool = False
    writable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Attendee:
    """Somebody who is invited."""

    email: str
    name: str = ""
    answer: Answer = "needs_action"
    optional: bool = False
    organizer: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EventDraft:
    """An event as it is to be. Either both `starts_at` and `ends_at`, or both days.

    `recurrence` are RRULE, RDATE and EXDATE lines of RFC 5545. `video` asks the provider to add a
    meeting of its own. With the same `idempotency_key` it is made once.
    """

    idempotency_key: str
    title: str
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    first_day: date | None = None
    end_day: date | None = None
    zone: str = "UTC"
    description: str = ""
    location: str = ""
    attendees: tuple[Attendee, ...] = ()
    recurrence: tuple[str, ...] = ()
    reminder_minutes: tuple[int, ...] = ()
    video: bool = False
    private: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event at the provider; `version` is its etag or change key, for changes that don't clash.

    `series_id` is that of the recurring event which this is one time of. `deleted` ones have an id
    and nothing else that counts.
    """

    id: str
    calendar_id: str
    version: str = ""
    ical_uid: str = ""
    series_id: str = ""
    title: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    first_day: date | None = None
    end_day: date | None = None
    zone: str = "UTC"
    description: str = ""
    location: str = ""
    attendees: tuple[Attendee, ...] = ()
    recurrence: tuple[str, ...] = ()
    join_url: str = ""
    web_url: str = ""
    updated_at: datetime | None = None
    cancelled: bool = False
    deleted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EventChanges:
    """Changes since a cursor. `restarted` says that the provider had to begin anew."""

    events: tuple[Event, ...]
    cursor: str
    more: bool
    restarted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Busy:
    """A time when somebody is busy."""

    email: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Watching:
    """A subscription to changes, which has to be renewed before it expires."""

    id: str
    expires_at: datetime
    resource_id: str = ""


class Calendars(Protocol):
    """The contract `calendar`. Every operation raises a ServiceError."""

    def calendars(self) -> tuple[Calendar, ...]:
        """List the calendars of the account."""

    def read_event(self, calendar_id: str, event_id: str) -> Event:
        """Give one event. Raises ServiceNotFound."""

    def create_event(self, calendar_id: str, event: EventDraft, *, invite: bool = True) -> Event:
        """Make an event; `invite` has the provider write to the attendees."""

    def update_event(
        self,
        calendar_id: str,
        event_id: str,
        event: EventDraft,
        *,
        version: str = "",
        invite: bool = True,
    ) -> Event:
        """Put an event in place of another. Raises ServiceRefused where `version` is old."""

    def delete_event(self, calendar_id: str, event_id: str, *, invite: bool = True) -> None:
        """Delete an event; one that is gone already is no error."""

    def changes(self, calendar_id: str, cursor: str = "", limit: int = 100) -> EventChanges:
        """Give what changed since a cursor; "" begins with everything from 30 days ago on."""

    def busy(
        self, emails: tuple[str, ...], starts_at: datetime, ends_at: datetime
    ) -> tuple[Busy, ...]:
        """Tell when people are busy, at most 50 of them and 60 days."""

    def share(self, calendar_id: str, email: str, role: Literal["read", "write", "none"]) -> None:
        """Let somebody see or change a calendar, or no longer."""

    def watch(self, calendar_id: str, address: str, secret: str) -> Watching:
        """Have the provider post to `address` when something changes; `secret` comes back then."""

    def unwatch(self, watching: Watching) -> None:
        """End a subscription; one that has ended is no error."""
