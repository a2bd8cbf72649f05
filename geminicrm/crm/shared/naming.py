"""Names: how they are split, shown, folded for search and sorted."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

SORT_LENGTH = 200
_PARTICLES = frozenset(
    re.findall(r"\w+", "al bin da de del della den der di dos du el la le ten ter van von zu")
)
# Letters that Unicode does not take apart into a base and an accent.
_WHOLE = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "\u0131": "i", "æ": "ae", "œ": "oe"})
_ESCAPED = re.compile(r"([%_\\])")


def split_name(name: str) -> tuple[str | None, str | None]:
    """Split a full name into first and last name.

    `Lovelace, Ada` is taken at its word; otherwise the last word and the particles before it
    (`van`, `de`, ...) are the last name, and a single word is a last name.
    """
    last, comma, first = name.partition(",")
    if comma:
        return first.strip() or None, last.strip() or None
    words = name.split()
    cut = max(len(words) - 1, 0)
    while cut > 1 and words[cut - 1].lower() in _PARTICLES:
        cut -= 1
    return " ".join(words[:cut]) or None, " ".join(words[cut:]) or None


def display_name(record: Mapping[str, Any]) -> str:
    """Give the name by which people know a record in its REST shape; never empty."""
    person = " ".join(filter(None, (record.get("first_name"), record.get("last_name"))))
    others = (record.get(key) for key in ("name", "subject", "company", "email", "kind", "id"))
    return person or str(next(filter(None, others), ""))


def fold(text: str) -> str:
    """Give text in lower case and without accents, with single spaces."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_WHOLE))
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).split())


def search_patterns(text: str) -> list[str]:
    r"""Give one LIKE pattern (escape character `\`) for each word: a word's beginning."""
    escaped = _ESCAPED.sub(r"\\\1", fold(text))
    return [f"% {word}%" for word in escaped.split()]


def search_text(values: list[str]) -> str:
    """Give what search looks into: the folded words, each after a space."""
    return " " + fold(" ".join(values))
