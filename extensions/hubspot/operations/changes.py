"""What was changed since a cursor, by the search for the moment of the last change.

Each page is a search of its own that begins where the last one ended. Going on by offset would
leave records out: one that is changed meanwhile goes to the end, and all others move up by one.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from extensions.sdk.capabilities.crm_sync import FarRecord, Kind, Page
from extensions.sdk.service_errors import ServiceRefused

from ..client import Api
from ..mapping import CHANGED_AT
from .records import find

# A change is found some seconds after it was made: what is younger than this waits for the next
# time, or the cursor would pass by what is not to be found yet.
SETTLED_SECONDS: Final = 15
_SECOND: Final = 1000
_ID: Final = "hs_object_id"


@dataclass(frozen=True, slots=True)
class Cursor:
    """From which millisecond on, and what of it was given already.

    `within` is the last id that was read where a millisecond has more records than a page.
    """

    since: int = 0
    seen: tuple[str, ...] = ()
    within: str = ""


class Changes:
    """The operation `changes`."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def changes(self, kind: Kind, properties: tuple[str, ...], cursor: str = "") -> Page:
        """Give what was made or changed, oldest first."""
        at = read_cursor(cursor)
        found = find(self._api, kind, _asked(kind, properties, at))
        following = next_cursor(kind, at, found)
        given = tuple(
            one
            for one in found.records
            if one.id not in at.seen or changed_ms(kind, one) > at.since
        )
        more = found.more or bool(at.within)
        return Page(records=given, cursor=json.dumps(asdict(following)), more=more)


def next_cursor(kind: Kind, at: Cursor, found: Page) -> Cursor:
    """Give where to go on after a page."""
    if at.within:
        ids = [one.id for one in found.records]
        return Cursor(at.since, at.seen, ids[-1]) if found.more else Cursor(at.since + 1)
    if not found.records:
        return at
    last = changed_ms(kind, found.records[-1])
    if found.more and last == at.since:  # more than a page within one millisecond
        return Cursor(at.since, at.seen, "0")
    known = at.seen if last == at.since else ()
    fresh = {one.id for one in found.records if changed_ms(kind, one) == last}
    return Cursor(last, tuple(sorted({*known, *fresh})))


def read_cursor(text: str) -> Cursor:
    """Read a cursor as it was given out. Raises ServiceRefused."""
    if not text:
        return Cursor()
    try:
        told = json.loads(text)
        return Cursor(int(told["since"]), tuple(map(str, told["seen"])), str(told["within"]))
    except (LookupError, TypeError, ValueError) as error:
        raise ServiceRefused("This is no cursor of HubSpot: begin anew with none.") from error


def changed_ms(kind: Kind, one: FarRecord) -> int:
    """Give the moment of the last change in milliseconds, as the search sees it."""
    told = one.values.get(CHANGED_AT[kind])
    moment = datetime.fromisoformat(told) if told else one.updated_at
    since = moment.astimezone(UTC) - datetime.fromtimestamp(0, UTC)
    return since // timedelta(milliseconds=1)


def _asked(kind: Kind, properties: tuple[str, ...], at: Cursor) -> Mapping[str, Any]:
    changed = CHANGED_AT[kind]
    filters = _within(changed, at) if at.within else _from(changed, at)
    return {
        "filterGroups": [{"filters": filters}],
        "sorts": [{"propertyName": _ID if at.within else changed, "direction": "ASCENDING"}],
        "properties": sorted({*properties, changed}),
    }


def _from(changed: str, at: Cursor) -> list[Mapping[str, str]]:
    settled = int((time.time() - SETTLED_SECONDS) * _SECOND)
    return [
        {"propertyName": changed, "operator": "GTE", "value": str(at.since)},
        {"propertyName": changed, "operator": "LTE", "value": str(settled)},
    ]


def _within(changed: str, at: Cursor) -> list[Mapping[str, str]]:
    return [
        {"propertyName": changed, "operator": "EQ", "value": str(at.since)},
        {"propertyName": _ID, "operator": "GT", "value": at.within},
    ]
