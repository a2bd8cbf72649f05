"""Lines of an installation's log, as pages, programs and commands get them."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeAlias

import orjson

Line: TypeAlias = dict[str, Any]
"""`at` (RFC 3339, UTC), `level`, `source`, `message`, and `fields` by name."""


def shaped(line: Mapping[str, Any]) -> Line:
    """Give a line with all its members, fit to be shown, whatever an extension wrote into it."""
    text = {name: _utf8(line.get(name, "")) for name in ("at", "level", "source", "message")}
    at = text["at"] if _is_instant(text["at"]) else ""
    return {**text, "at": at, "fields": _fields(line.get("fields"))}


def _utf8(value: object) -> str:
    """Give a text without halves of surrogate pairs, which JSON can carry and UTF-8 can't."""
    return str(value).encode(errors="replace").decode()


def _fields(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        return {}
    try:
        orjson.dumps(value)
    except TypeError:  # such as a number that no program of ours could read back
        return {"as_text": json.dumps(value)}
    return value


def _is_instant(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
