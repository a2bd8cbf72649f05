"""Headers as the log keeps them: without what lets somebody in."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from geminicrm.kernel.texts import storable

HIDDEN: Final = "•••"
_SECRET: Final = re.compile(r"authori[sz]ation|cookie|token|secret|api-?key|password|passwd")
_MOST_HEADERS: Final = 60
_LONGEST: Final = 2000
_SHORTEST: Final = 4


def redacted(headers: Mapping[str, Sequence[str]], secrets: Iterable[str] = ()) -> dict[str, str]:
    """Give headers by name; signatures stay, since they let nobody in once their time is over."""
    kept = list(headers.items())[:_MOST_HEADERS]
    return {storable(name, 100): _value(name, ", ".join(values), secrets) for name, values in kept}


def without(text: str, secrets: Iterable[str]) -> str:
    """Give a text without secrets that are known: some services send theirs in clear."""
    for secret in secrets:
        if len(secret) >= _SHORTEST:
            text = text.replace(secret, HIDDEN)
    return text


def _value(name: str, value: str, secrets: Iterable[str]) -> str:
    if _SECRET.search(name.lower()):
        return HIDDEN
    return storable(without(value, secrets), _LONGEST)
