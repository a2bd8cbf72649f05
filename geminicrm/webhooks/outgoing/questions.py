"""What part of the endpoints, or of the deliveries, is asked for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Self

from geminicrm.kernel.clock import parse_instant
from geminicrm.kernel.errors import Finding, ValidationFailed
from geminicrm.kernel.paging import Page
from geminicrm.webhooks.outgoing.models import ACTIVE, DELIVERY_STATES, DISABLED, PAUSED
from geminicrm.webhooks.outgoing.shapes import RETRYING
from geminicrm.webhooks.outgoing.wishes import ORIGINS

ENDPOINT_STATES: Final = (ACTIVE, PAUSED, DISABLED)
STATES: Final = (*DELIVERY_STATES, RETRYING)
_LONGEST: Final = 80
_TEXTS: Final = ("endpoint_id", "type", "object_id", "q")


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointQuestion:
    """Endpoints in a state, of an origin; empty texts leave it open."""

    state: str = ""
    origin: str = ""
    page: Page = field(default_factory=Page)

    @classmethod
    def parse(cls, given: Mapping[str, str]) -> Self:
        """Read the query parameters; ValidationFailed at /state, /origin, /limit."""
        found = [
            *_unknown("state", given.get("state", ""), ENDPOINT_STATES),
            *_unknown("origin", given.get("origin", ""), ORIGINS),
        ]
        if found:
            raise ValidationFailed(found)
        page = Page.parse(given.get("limit"), given.get("cursor"))
        return cls(state=given.get("state", ""), origin=given.get("origin", ""), page=page)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryQuestion:
    """Deliveries of an endpoint, in states, of a type (or `lead.*`), of a record, of a time.

    `since` counts in, `until` does not; both are when the event was to be sent first. `text` is an
    id of an event, of a record or of a delivery, or part of the latest error.
    """

    endpoint_id: str = ""
    states: tuple[str, ...] = ()
    type: str = ""
    object_id: str = ""
    text: str = ""
    since: datetime | None = None
    until: datetime | None = None
    page: Page = field(default_factory=Page)

    @classmethod
    def parse(cls, given: Mapping[str, str]) -> Self:
        """Read the query: endpoint_id, state, type, object_id, q, since, until, limit, cursor.

        Raises ValidationFailed with every finding.
        """
        states = tuple(dict.fromkeys(filter(None, given.get("state", "").split(","))))
        found = [finding for one in states for finding in _unknown("state", one, STATES)]
        found += [
            Finding(f"/{name}", "bad_filter", f"Write at most {_LONGEST} characters, none NUL.")
            for name in _TEXTS
            if len(given.get(name, "")) > _LONGEST or "\x00" in given.get(name, "")
        ]
        since, wrong_since = read_instant("since", given.get("since", ""))
        until, wrong_until = read_instant("until", given.get("until", ""))
        found += [*wrong_since, *wrong_until]
        if found:
            raise ValidationFailed(found)
        endpoint_id, kind, object_id, text = (given.get(name, "").strip() for name in _TEXTS)
        return cls(
            endpoint_id=endpoint_id,
            states=states,
            type=kind,
            object_id=object_id,
            text=text,
            since=since,
            until=until,
            page=Page.parse(given.get("limit"), given.get("cursor")),
        )


def read_instant(name: str, text: str) -> tuple[datetime | None, list[Finding]]:
    """Read an instant that may be empty, with what is wrong with it."""
    if not text:
        return None, []
    try:
        # A plus in a query that was not encoded has become a space.
        return parse_instant(text.strip().replace(" ", "+")), []
    except (ValueError, OverflowError):
        message = "Write an instant with its zone, such as 2026-11-21T08:28:54Z."
        return None, [Finding(f"/{name}", "bad_instant", message)]


def _unknown(name: str, value: str, known: tuple[str, ...]) -> list[Finding]:
    if not value or value in known:
        return []
    return [Finding(f"/{name}", "unknown_value", f"Write one of {', '.join(known)}.")]
