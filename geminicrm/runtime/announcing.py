"""Announcing: how the events of extensions get among those of the core."""

from collections.abc import Mapping
from typing import Any, Final

import orjson

from extensions.sdk.events import (
    EVENTS_AT_ONCE,
    EVENTS_PER_SECOND,
    MAX_EVENT_BYTES,
    MAX_OBJECT_ID,
)
from geminicrm.kernel.errors import Finding, TooManyRequests, ValidationFailed
from geminicrm.kernel.events import Announced, EventType
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.limits import Throttle
from geminicrm.kernel.work import Works
from geminicrm.runtime.event_schema import data_findings
from geminicrm.runtime.live import Installed
from geminicrm.runtime.manifest_model import Manifest, OwnEvent
from geminicrm.runtime.manifest_schema import nearest
from geminicrm.runtime.storage import Owner, refuse_if_gone
from geminicrm.runtime.storage_values import Bounds, encode
from geminicrm.runtime.strict_json import shorten

MAX_DEPTH: Final = 24
_DATA: Final = Bounds(
    MAX_EVENT_BYTES,
    MAX_DEPTH,
    f"The data of an event has at most {MAX_EVENT_BYTES // 1024} KiB as JSON: give ids, and let "
    "receivers ask for the rest.",
)


def types_of(manifest: Manifest) -> tuple[EventType, ...]:
    """Give the types that an extension announces, as the catalogue has them."""
    return tuple(
        EventType(
            type=f"{manifest.event_kind}.{one.name}",
            description=one.description,
            scope=None,
            data=one.schema,
            sample=one.sample,
            versioned=False,
        )
        for one in manifest.event_types
    )


class Announcing:
    """Checks and stores events, each in a unit of its own; so many at once in each process."""

    def __init__(self, works: Works) -> None:
        self._works = works
        seconds = EVENTS_AT_ONCE / EVENTS_PER_SECOND
        self._throttle = Throttle(works.clock, EVENTS_AT_ONCE, seconds)

    def checked(
        self, installed: Installed, name: object, data: object, object_id: object
    ) -> Announced:
        """Make the event of what an extension gives. Raises ValidationFailed, TooManyRequests.

        Without an `object_id` it stands for itself: it waits for no other of its kind.
        """
        if not self._throttle.try_take(installed.id):
            message = (
                f"{installed.name} announces more than {EVENTS_PER_SECOND} events a second: "
                "announce less, or what belongs together as one."
            )
            raise TooManyRequests(message, self._throttle.retry_after(installed.id))
        known = {one.name: one for one in installed.manifest.event_types}
        if not isinstance(name, str) or name not in known:
            raise ValidationFailed([_undeclared(name, known)])
        given, findings = _plain(known[name], data)
        findings += _about(object_id)
        if findings:
            raise ValidationFailed(findings)
        return Announced(
            type=f"{installed.manifest.event_kind}.{name}",
            object_id=str(object_id or new_id("obj")),
            data=given,
        )

    def store(self, owner: Owner, event: Announced) -> str:
        """Store it; give its id. Raises NotInstalled."""
        with self._works.write(owner.actor) as work:
            refuse_if_gone(work, owner)
            return work.record(event)


def _undeclared(name: object, known: Mapping[str, OwnEvent]) -> Finding:
    hint = nearest(str(name), known) or f" Declared are: {', '.join(known) or 'none'}."
    message = f"{shorten(str(name))} is not among event_types in manifest.json.{hint}"
    return Finding("/name", "undeclared_event", message)


def _plain(declared: OwnEvent, data: object) -> tuple[dict[str, Any], list[Finding]]:
    if not isinstance(data, Mapping):
        return {}, [Finding("/data", "wrong_value", "Give an object: the event's data.")]
    text, wrong = encode(dict(data), "/data", _DATA)
    if wrong is not None:
        return {}, [wrong]
    given: dict[str, Any] = orjson.loads(text)
    return given, data_findings(declared.schema, given, "/data")


def _about(object_id: object) -> list[Finding]:
    fits = isinstance(object_id, str) and 1 <= len(object_id) <= MAX_OBJECT_ID
    if object_id is None or (fits and str(object_id).isprintable()):
        return []
    message = f"Give an id of 1 to {MAX_OBJECT_ID} printable characters, or None."
    return [Finding("/object_id", "wrong_value", message)]
