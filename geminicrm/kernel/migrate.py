"""Migrations: bring the tables of a database up to this version, or back."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Index, MetaData, text
from sqlalchemy.engine import make_url

from geminicrm.kernel.db import Database

HEAD = "head"
BASE = "base"
_LOCK_KEY = 0x6765_6D69  # any number that nobody else locks in our database


def upgrade(url: str, revision: str = HEAD) -> None:
    """Bring the database at `url` up to a revision; does nothing where it is there already.

    All steps are one transaction; a second caller waits for the first. A missing SQLite file and
    its folder are made.
    """
    _run(url, lambda config, _: command.upgrade(config, revision))


def downgrade(url: str, revision: str) -> None:
    """Take the database back to a revision; `base` takes every table away."""
    _run(url, lambda config, _: command.downgrade(config, revision))


def pending(url: str) -> bool:
    """Tell whether the database is behind this version."""
    found: list[bool] = []

    def compare(config: Config, connection: Connection) -> None:
        here = MigrationContext.configure(connection).get_current_heads()
        found.append(set(here) != set(ScriptDirectory.from_config(config).get_heads()))

    _run(url, compare)
    return found[0]


def differences(url: str, metadata: MetaData) -> list[object]:
    """List how the tables differ from `metadata`; empty at head."""
    found: list[object] = []

    def compare(_config: Config, connection: Connection) -> None:
        context = MigrationContext.configure(connection, opts=comparison(connection))
        found.extend(compare_metadata(context, metadata))

    _run(url, compare)
    return found


def comparison(connection: Connection) -> dict[str, Any]:
    """Give the options of Alembic for comparing this database with the models."""
    derived = full_text_tables(connection)
    postgres = connection.dialect.name == "postgresql"

    def compared(item: object, name: str, kind: str, *_others: object) -> bool:
        if kind == "table":
            return name not in derived
        # An index of a kind that only PostgreSQL has; `ddl_if` is not asked by Alembic.
        return postgres or not (isinstance(item, Index) and _using(item))

    return {"compare_type": True, "include_object": compared}


def _using(index: Index) -> bool:
    return bool(index.dialect_options["postgresql"]["using"])


def full_text_tables(connection: Connection) -> frozenset[str]:
    """Name SQLite's full-text indexes and the tables they keep beside themselves.

    They hold nothing that is not in a table of the models, and no model describes them.
    """
    if connection.dialect.name != "sqlite":
        return frozenset()
    found = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'table'")
    tables = {row.name: row.sql or "" for row in found}
    virtual = tuple(name for name, sql in tables.items() if sql.startswith("CREATE VIRTUAL TABLE"))
    kept = (name for name in tables if name.startswith(tuple(f"{one}_" for one in virtual)))
    return frozenset((*virtual, *kept))


def _run(url: str, act: Callable[[Config, Connection], None]) -> None:
    config = Config()
    # Beside the package, in a checkout as in an installation.
    config.set_main_option("script_location", str(Path(__file__).parents[2] / "migrations"))
    folder = _folder(url)
    folder.mkdir(parents=True, exist_ok=True)
    database = Database(url, folder)
    try:
        with database.writing(), database.write_engine.begin() as connection:
            if database.dialect == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})
            config.attributes["connection"] = connection
            act(config, connection)
    finally:
        database.dispose()


def _folder(url: str) -> Path:
    parsed = make_url(url)
    file = parsed.database if parsed.get_backend_name() == "sqlite" else None
    return Path(file).absolute().parent if file else Path.cwd()
