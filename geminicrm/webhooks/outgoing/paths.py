"""Paths into an event, such as `data.email` or `data.tags.0`: checked once, then looked up."""

import re
from collections.abc import Mapping
from typing import Any, Final

ROOTS: Final = (
    "id", "type", "schema_version", "object_version", "timestamp", "workspace_id", "data",
)  # fmt: skip
"""The members of every event that is sent."""
_LONGEST: Final = 200
_PATH: Final = re.compile(r"[A-Za-z0-9_-]{1,80}(\.[A-Za-z0-9_-]{1,80})*")


class Missing:
    """What is found where an event has nothing, not even null."""


MISSING: Final = Missing()


def is_path(text: object) -> bool:
    """Tell whether a text is names with dots between them."""
    return isinstance(text, str) and len(text) <= _LONGEST and bool(_PATH.fullmatch(text))


def wrong_path(text: object, samples: list[Mapping[str, Any]]) -> str:
    """Say what is wrong with a path into events such as `samples`; empty where nothing is.

    What the samples have no member for would be missing always: a slip of the pen. `custom` and
    the like hold what their owners put there, so only the first two names are compared.
    """
    if not is_path(text):
        return "Write names with dots between them, such as data.email."
    names = str(text).split(".")
    if names[0] not in ROOTS:
        return f"{names[0]!r} is no member of an event: begin with {', '.join(ROOTS)}."
    known = {name for one in samples for name in one["data"]}
    if names[0] == "data" and len(names) > 1 and samples and names[1] not in known:
        return f"The data of these events has no {names[1]!r}; it has {', '.join(sorted(known))}."
    return ""


def look(value: Any, path: str) -> Any:
    """Give what a path leads to; MISSING where it leads nowhere. Numbers count items from 0."""
    for name in path.split("."):
        value = _step(value, name)
    return value


def _step(value: Any, name: str) -> Any:
    if isinstance(value, Mapping):
        return value.get(name, MISSING)
    # Four digits reach further than any list that is sent, and `isdigit` takes other scripts'.
    if isinstance(value, list) and name.isascii() and name.isdigit() and len(name) <= len("9999"):
        return value[int(name)] if int(name) < len(value) else MISSING
    return MISSING
