"""Which extensions have the words: asked of the database's full-text index."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import orjson
import structlog
from sqlalchemy import Connection, select

from marketplace.search.models import FIELDS, FULL_TEXT, SearchRow
from marketplace.search.ranking import FIELD_WEIGHTS, MOST_WEIGHED

_log = structlog.get_logger(__name__)
_NEAR = ("name", "keywords", "publisher")


@dataclass(frozen=True, kw_only=True)
class Matches:
    """Numbers of the rows that have all words.

    `weights` has each one's weight where there are few; where there are many, `named` are those
    that have the words in their name, `near` those that have them in name, keywords or publisher.
    """

    numbers: Sequence[int]
    weights: Sequence[float] | None = None
    named: Sequence[int] = field(default_factory=list)
    near: Sequence[int] = field(default_factory=list)


class Matcher(Protocol):
    """Looks words up."""

    def match(self, connection: Connection, words: Sequence[str]) -> Matches:
        """Find every row that has all words, the last of them as the beginning of one."""
        ...


def matcher_for(connection: Connection) -> Matcher:
    """Choose by what the database can do."""
    if connection.dialect.name == "postgresql":
        return PostgresMatcher()
    there = "SELECT 1 FROM sqlite_master WHERE name = ?"
    if connection.exec_driver_sql(there, (FULL_TEXT,)).first():
        return SqliteMatcher()
    _log.warning(
        "search has no full-text index: this SQLite has no FTS5, words are compared one by one"
    )
    return PlainMatcher()


def named_exactly(connection: Connection, words: Sequence[str]) -> list[int]:
    """Find every row whose name is these words and nothing else."""
    wanted = select(SearchRow.number).where(SearchRow.name == " ".join(words))
    return list(connection.execute(wanted).scalars())


class SqliteMatcher:
    """FTS5."""

    _ALL = f"SELECT group_concat(rowid) FROM {FULL_TEXT} WHERE {FULL_TEXT} MATCH ?"  # noqa: S608 - a name of our own, here and below
    _WEIGHED = (
        f"SELECT rowid, -bm25({FULL_TEXT}, {', '.join(str(FIELD_WEIGHTS[one]) for one in FIELDS)}) "  # noqa: S608 - as above
        f"FROM {FULL_TEXT} WHERE {FULL_TEXT} MATCH ? LIMIT ?"
    )

    def match(self, connection: Connection, words: Sequence[str]) -> Matches:
        """See the protocol; weights are BM25, of which FTS5 gives the negative."""
        wanted = " ".join(f'"{word}"' for word in words) + "*"
        rows = connection.exec_driver_sql(self._WEIGHED, (wanted, MOST_WEIGHED + 1)).all()
        if len(rows) <= MOST_WEIGHED:
            return Matches(numbers=[row[0] for row in rows], weights=[row[1] for row in rows])
        return Matches(
            numbers=self._numbers(connection, wanted),
            named=self._numbers(connection, f"{{name}} : ({wanted})"),
            near=self._numbers(connection, f"{{{' '.join(_NEAR)}}} : ({wanted})"),
        )

    def _numbers(self, connection: Connection, wanted: str) -> list[int]:
        # One text for all of them is three times as quick as a row for each.
        joined = connection.exec_driver_sql(self._ALL, (wanted,)).scalar()
        return list(orjson.loads(f"[{joined or ''}]"))


class PostgresMatcher:
    """tsvector with weights, and its GIN index."""

    _ALL = "SELECT string_agg(number::text, ',') FROM registry_search WHERE vector @@ %s::tsquery"
    _WEIGHED = (
        "SELECT number, ts_rank_cd('{0.05, 0.2, 0.5, 1.0}', vector, %s::tsquery) "
        "FROM registry_search WHERE vector @@ %s::tsquery"
    )

    def match(self, connection: Connection, words: Sequence[str]) -> Matches:
        """See the protocol; weights are the cover density (ts_rank_cd)."""
        wanted = self._query(words, "ABCD")
        numbers = self._numbers(connection, wanted)
        if len(numbers) <= MOST_WEIGHED:
            rows = connection.exec_driver_sql(self._WEIGHED, (wanted, wanted)).all()
            return Matches(numbers=[row[0] for row in rows], weights=[row[1] for row in rows])
        return Matches(
            numbers=numbers,
            named=self._numbers(connection, self._query(words, "A")),
            near=self._numbers(connection, self._query(words, "AB")),
        )

    def _numbers(self, connection: Connection, wanted: str) -> list[int]:
        joined = connection.exec_driver_sql(self._ALL, (wanted,)).scalar()
        return list(orjson.loads(f"[{joined or ''}]"))

    def _query(self, words: Sequence[str], places: str) -> str:
        # Words have letters and digits only, so that none can end its quotes.
        whole = "" if places == "ABCD" else places
        *known, last = words
        parts = [f"'{word}':{whole}" if whole else f"'{word}'" for word in known]
        return " & ".join([*parts, f"'{last}':*{whole}"])


class PlainMatcher:
    """LIKE, for a SQLite without FTS5: right, and slow in a large marketplace."""

    def match(self, connection: Connection, words: Sequence[str]) -> Matches:
        """See the protocol; nothing is weighed."""
        return Matches(
            numbers=self._numbers(connection, words, FIELDS),
            named=self._numbers(connection, words, ("name",)),
            near=self._numbers(connection, words, _NEAR),
        )

    def _numbers(
        self, connection: Connection, words: Sequence[str], fields: Sequence[str]
    ) -> list[int]:
        text = " || ' ' || ".join(fields)
        *known, last = words
        patterns = [*(f"% {word} %" for word in known), f"% {last}%"]
        having = " AND ".join(f"' ' || {text} || ' ' LIKE ?" for _ in patterns)
        found = connection.exec_driver_sql(
            f"SELECT number FROM registry_search WHERE {having}",  # noqa: S608 - columns of our own
            tuple(patterns),
        )
        return [row[0] for row in found]
