"""Templates: JSON text with `{{ data.email }}` in it, and nothing that could be run.

A placeholder within a JSON string becomes text, escaped; one that stands for a value becomes JSON.
A text that is JSON with "z" and null in their places is JSON with any value: no escape sequence
goes on after "z", and no number or word begins or ends with null. So what comes in can't break what
goes out.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import orjson

from geminicrm.kernel.errors import Finding
from geminicrm.webhooks.outgoing.paths import MISSING, look, wrong_path

LONGEST: Final = 64 * 1024
_MOST: Final = 200
_PLACEHOLDER: Final = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_CACHED: Final = 512


class TooLarge(ValueError):
    """What came of a shape is more than is sent."""


@dataclass(frozen=True, slots=True)
class _Place:
    path: str
    within_string: bool


_Parts = tuple[bytes | _Place, ...]


def wrong_template(text: object, samples: list[Mapping[str, Any]]) -> list[Finding]:
    """Say what is wrong with a template for events such as `samples`."""
    if not isinstance(text, str) or not text.strip() or len(text.encode()) > LONGEST:
        message = f"Give JSON as a text of at most {LONGEST} bytes."
        return [Finding("/template", "bad_template", message)]
    paths = list(dict.fromkeys(one.group(1).strip() for one in _PLACEHOLDER.finditer(text)))
    if len(paths) > _MOST:
        return [Finding("/template", "bad_template", f"Use at most {_MOST} different values.")]
    wrong = [(path, wrong_path(path, samples)) for path in paths]
    found = [
        Finding("/template", "bad_path", f"{{{{ {path[:80]} }}}}: {said}")
        for path, said in wrong
        if said
    ]
    return found or _not_json(text)


def fill(text: str, event: Mapping[str, Any], most: int) -> bytes:
    """Give the bytes of a template for one event. Raises TooLarge past `most` bytes."""
    size, filled = 0, []
    for part in _parts(text):
        written = part if isinstance(part, bytes) else _written(part, event)
        size += len(written)
        if size > most:
            raise TooLarge
        filled.append(written)
    return b"".join(filled)


def _not_json(text: str) -> list[Finding]:
    tried = (part if isinstance(part, bytes) else _tried(part) for part in _parts(text))
    try:
        orjson.loads(b"".join(tried))
    except orjson.JSONDecodeError as error:
        message = (
            f"It is not JSON: {error.msg} at line {error.lineno}, column {error.colno}, counted "
            "with null, or z within quotes, in the place of each {{ ... }}."
        )
        return [Finding("/template", "not_json", message)]
    return []


@lru_cache(_CACHED)
def _parts(text: str) -> _Parts:
    parts: list[bytes | _Place] = []
    end, within = 0, False
    for found in _PLACEHOLDER.finditer(text):
        before = text[end : found.start()]
        within = _within_string(before, within)
        parts += (before.encode(), _Place(found.group(1).strip(), within))
        end = found.end()
    return (*parts, text[end:].encode())


def _tried(place: _Place) -> bytes:
    return b"z" if place.within_string else b"null"


def _within_string(text: str, within: bool) -> bool:  # noqa: FBT001 - where the text before ended
    # In JSON a backslash stands within strings only, and takes the next character with it.
    quotes = re.sub(r"\\.", "", text, flags=re.DOTALL).count('"')
    return within != bool(quotes % 2)


def _written(place: _Place, event: Mapping[str, Any]) -> bytes:
    value = look(event, place.path)
    if value is MISSING:
        value = None
    if not place.within_string:
        return orjson.dumps(value)
    if value is None:
        return b""
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    return orjson.dumps(text)[1:-1]
