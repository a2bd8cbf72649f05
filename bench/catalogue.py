"""A marketplace of made-up extensions, filled by plain SQL; words and categories as they fall.

Words follow Zipf's law, as they do in any language: few are nearly everywhere, most are rare.
"""

import itertools
import json
import math
import random
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field

WORDS = 20_000
_SYLLABLES = tuple(first + second for first in "bdfgklmnprstv" for second in "aeio")
_CATEGORIES = (
    "sales", "email", "calendar", "automation", "analytics", "data", "chat", "documents",
    "payments", "marketing", "support", "crm-sync", "sms", "voice", "finance", "productivity",
    "developer-tools", "storage", "social", "identity",
)  # fmt: skip
_RANGES = (None, ">=1.0 <2", ">=1.0", ">=3.0", "^0.9", ">=0.1")
_AT = "2026-01-02 03:04:05.000000"
_EXTENSION = (
    "INSERT INTO registry_extensions (id, extension_id, publisher_id, publisher, verified, "
    "built_in, name, name_key, description, author, categories, keywords, latest_version, "
    "install_count, active_count, visibility, rating_count, rating_sum, created_at, updated_at) "
    "VALUES (?, ?, 'pub_bench', ?, ?, 0, ?, ?, ?, ?, ?, ?, '1.0.0', ?, ?, 'public', ?, ?, ?, ?)"
)
_SEARCH = (
    "INSERT INTO registry_search (extension_id, serial, live, name, keywords, publisher, "
    "description, readme, requires, adds, level) VALUES (?, 1, 1, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_SERIAL = (
    "INSERT INTO generations (name, value) VALUES ('search', 1) "
    "ON CONFLICT (name) DO UPDATE SET value = 1"
)


@dataclass
class Language:
    """Made-up words, the most frequent first; the same for the same seed."""

    seed: int = 7
    words: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 - no secret, and to be repeated
        known: dict[str, None] = {}
        while len(known) < WORDS:
            length = self._random.choice((2, 3, 3, 4))
            known["".join(self._random.choices(_SYLLABLES, k=length))] = None
        self.words = list(known)
        weights = (1 / (rank + 2.7) for rank in range(WORDS))
        self._cumulated = list(itertools.accumulate(weights))

    def text(self, count: int) -> str:
        """Write some words as often as each occurs."""
        return " ".join(self._random.choices(self.words, cum_weights=self._cumulated, k=count))

    def query(self) -> str:
        """Ask as people do: one to three words of any frequency, the last often unfinished."""
        count = self._random.choice((1, 1, 2, 2, 3))
        words = [self.words[self._rank()] for _ in range(count)]
        if self._random.random() < 0.5:  # noqa: PLR2004 - half of them
            words[-1] = words[-1][: max(3, len(words[-1]) - 2)]
        return " ".join(words)

    def _rank(self) -> int:
        # Each order of magnitude as often as the next; the very first are words like "and".
        return round(math.exp(self._random.uniform(math.log(10), math.log(WORDS - 1))))


def fill(connection: sqlite3.Connection, count: int) -> Language:
    """Publish `count` extensions; give the language that they are described in."""
    language = Language()
    connection.execute("PRAGMA cache_size=-256000")
    extensions, found = itertools.tee(_extensions(language, count))
    connection.executemany(_EXTENSION, (one[0] for one in extensions))
    connection.executemany(_SEARCH, (one[1] for one in found))
    connection.execute(_SERIAL)
    connection.execute("INSERT INTO registry_words (registry_words) VALUES ('optimize')")
    connection.commit()
    return language


def _extensions(language: Language, count: int) -> Iterator[tuple[tuple[object, ...], ...]]:
    pick = random.Random(language.seed + 1)  # noqa: S311 - as above
    for number in range(count):
        name, publisher = language.text(2), language.text(2)
        text, keywords = language.text(14), language.text(4)
        categories = sorted({_CATEGORIES[_frequent(pick)] for _ in range(2)})
        installs = int(pick.paretovariate(0.7)) - 1
        rated = min(installs // 20, 500)
        stars = sum(pick.choices((5, 4, 3, 2, 1), (50, 25, 12, 7, 6), k=min(rated, 20)))
        known = f"ext-{number:06d}"
        verified = pick.random() < 0.2  # noqa: PLR2004 - a fifth of them
        yield (
            (known, known, publisher, verified, name.title(), name, text.capitalize(), publisher,
             json.dumps(categories), json.dumps(keywords.split()), min(installs, 10**6),
             0, min(rated, 20), stars, _AT, _AT),
            (known, name, f"{keywords} {' '.join(categories)}", publisher, text, language.text(60),
             pick.choice(_RANGES), pick.randrange(64), pick.randrange(4)),
        )  # fmt: skip


def _frequent(pick: random.Random) -> int:
    return min(int(pick.paretovariate(1.0)) - 1, len(_CATEGORIES) - 1)
