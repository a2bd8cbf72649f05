"""Mappings: `{"contact.mail": "data.email", "source": {"value": "crm"}}` says what is sent."""

from collections.abc import Mapping
from typing import Any, Final

import orjson

from geminicrm.kernel.errors import Finding
from geminicrm.webhooks.outgoing.paths import MISSING, is_path, look, wrong_path

MOST: Final = 100
_LARGEST: Final = 4096


def wrong_mapping(mapping: object, samples: list[Mapping[str, Any]]) -> list[Finding]:
    """Say what is wrong with a mapping of events such as `samples`."""
    if not isinstance(mapping, dict) or not 0 < len(mapping) <= MOST:
        message = f"Give an object of 1 to {MOST} members: path to send at, path in the event."
        return [Finding("/mapping", "not_a_mapping", message)]
    return [
        Finding(f"/mapping/{_escaped(out)}", "bad_mapping", wrong)
        for out, given in mapping.items()
        for wrong in (_wrong_out(out, mapping) or _wrong_in(given, samples),)
        if wrong
    ]


def mapped(mapping: Mapping[str, Any], event: Mapping[str, Any]) -> dict[str, Any]:
    """Give what is sent of an event: null where it has nothing."""
    whole: dict[str, Any] = {}
    for out, given in mapping.items():
        *way, last = out.split(".")
        place = whole
        for name in way:
            place = place.setdefault(name, {})
        found = given["value"] if isinstance(given, Mapping) else look(event, given)
        place[last] = None if found is MISSING else found
    return whole


def _wrong_out(out: str, mapping: Mapping[str, Any]) -> str:
    if not is_path(out):
        return "Write names with dots between them, such as contact.email."
    names = out.split(".")
    above = (".".join(names[:length]) for length in range(1, len(names)))
    clash = next((one for one in above if one in mapping), "")
    return f"{clash!r} is given too: a member can't hold a value and others." if clash else ""


def _wrong_in(given: object, samples: list[Mapping[str, Any]]) -> str:
    if isinstance(given, dict):
        fixed = set(given) == {"value"} and len(orjson.dumps(given)) <= _LARGEST
        return "" if fixed else f'Write {{"value": ...}} of at most {_LARGEST} bytes.'
    return wrong_path(given, samples)


def _escaped(name: str) -> str:
    """Write a member's name as a JSON pointer does (RFC 6901)."""
    return name[:200].replace("~", "~0").replace("/", "~1")
