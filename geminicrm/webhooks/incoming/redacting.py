"""Headers as the log keeps them: without what lets somebody in."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from geminicrm.kernel.texts import storable

HIDDEN: Final = "•••"
_SECRET: Final = re.compile(r"authori[sz]ation|cookie|token|secret|api-?key|password|passwd")
_MOST_HEADERS: Final = 60
_LONGEST: Final = 2000


def redacted(headers: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Give headers by name; signatures stay, since they let nobody in once their time is over."""
    kept = list(headers.items())[:_MOST_HEADERS]
    return {storable(name, 100): _value(name, values) for name, values in kept}


def _value(name: str, values: Sequence[str]) -> str:
    if _SECRET.search(name.lower()):
        return HIDDEN
    return storable(", ".join(values), _LONGEST)
