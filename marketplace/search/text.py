"""Words as they are indexed and looked for: the same on both engines, without accents or case."""

import re
import unicodedata
from collections.abc import Iterable

MOST_WORDS = 8
MOST_CHARACTERS = 200
_WORD = re.compile(r"[^\W_]+")
_ASCII = re.compile(r"[a-z0-9]+")


def fold(text: str) -> str:
    """Give the words of a text, folded and with one space between: `Café-Sync` is `cafe sync`.

    Done here and not by `unaccent` or a tokenizer, so that every database finds the same.
    """
    lowered = text.casefold()
    if lowered.isascii():
        return " ".join(_ASCII.findall(lowered))
    apart = unicodedata.normalize("NFKD", lowered)
    plain = "".join(one for one in apart if not unicodedata.combining(one))
    return " ".join(_WORD.findall(plain.casefold()))


def fold_all(parts: Iterable[str]) -> str:
    """Fold several texts into one."""
    return fold(" ".join(parts))


def words_of(query: str) -> tuple[str, ...]:
    """Give the folded words that are looked for, at most eight; the last may be unfinished."""
    return tuple(fold(query[:MOST_CHARACTERS]).split()[:MOST_WORDS])
