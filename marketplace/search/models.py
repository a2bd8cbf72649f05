"""The table of what is searched, and the full-text index over it."""

from typing import Any

from sqlalchemy import BigInteger, Connection, Index, Integer, String, Text, event
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from geminicrm.kernel.db import Base

FULL_TEXT = "registry_words"
"""The FTS5 table of SQLite; it and what it keeps beside itself is no table of the models."""

FIELDS = ("name", "keywords", "publisher", "description", "readme")
_COLUMNS = ", ".join(FIELDS)
_NEW = ", ".join(f"new.{name}" for name in FIELDS)
_OLD = ", ".join(f"old.{name}" for name in FIELDS)
_CHANGED = " OR ".join(f"new.{name} IS NOT old.{name}" for name in FIELDS)
_FORGET = (
    f"INSERT INTO {FULL_TEXT} ({FULL_TEXT}, rowid, {_COLUMNS}) "  # noqa: S608 - names of our own
    f"VALUES ('delete', old.number, {_OLD});"
)
_LEARN = f"INSERT INTO {FULL_TEXT} (rowid, {_COLUMNS}) VALUES (new.number, {_NEW});"  # noqa: S608 - as above
_WHEN_CHANGED = f"WHEN {_CHANGED} BEGIN {_FORGET} {_LEARN} END"
_OPTIONS = "content='registry_search', content_rowid='number', tokenize='unicode61', prefix='2 3'"

# The texts stay in the table alone; the index has the positions of their words.
FULL_TEXT_STATEMENTS = (
    f"CREATE VIRTUAL TABLE {FULL_TEXT} USING fts5({_COLUMNS}, {_OPTIONS})",
    f"CREATE TRIGGER {FULL_TEXT}_new AFTER INSERT ON registry_search BEGIN {_LEARN} END",
    f"CREATE TRIGGER {FULL_TEXT}_gone AFTER DELETE ON registry_search BEGIN {_FORGET} END",
    f"CREATE TRIGGER {FULL_TEXT}_other AFTER UPDATE ON registry_search {_WHEN_CHANGED}",
)

# Words with their weights; SQLite has them in its index alone.
_VECTOR = Text().with_variant(TSVECTOR(), "postgresql")


class SearchRow(Base):
    """What an extension is found by: folded words, and facts of its newest good version.

    `serial` rises with every change of the marketplace, so that a process knows what it has not
    seen; it is that of the last change of this row. `live` is False for what is not to be found.
    `adds` has a bit for each kind of thing it adds, `level` is how much it may do.
    """

    __tablename__ = "registry_search"
    __table_args__ = (
        Index(None, "vector", postgresql_using="gin").ddl_if(dialect="postgresql"),
        Index(None, "serial"),
        Index(None, "name"),
    )

    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    extension_id: Mapped[str] = mapped_column(String(64), unique=True)
    serial: Mapped[int] = mapped_column(BigInteger)
    live: Mapped[bool]
    name: Mapped[str] = mapped_column(Text)
    keywords: Mapped[str] = mapped_column(Text)
    publisher: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    readme: Mapped[str] = mapped_column(Text)
    vector: Mapped[Any] = mapped_column(_VECTOR, nullable=True)
    requires: Mapped[str | None] = mapped_column(Text)
    adds: Mapped[int] = mapped_column(Integer)
    level: Mapped[int] = mapped_column(Integer)


def has_full_text(connection: Connection) -> bool:
    """Tell whether this SQLite was built with FTS5."""
    found = connection.exec_driver_sql("SELECT 1 FROM pragma_module_list WHERE name = 'fts5'")
    return found.first() is not None


@event.listens_for(SearchRow.__table__, "after_create")
def _index_words(_table: object, connection: Connection, **_options: object) -> None:
    if connection.dialect.name == "sqlite" and has_full_text(connection):
        for statement in FULL_TEXT_STATEMENTS:
            connection.exec_driver_sql(statement)
