"""Migrations: bring the tables of a database up to this version, or back."""

from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, text
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
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        found.extend(compare_metadata(context, metadata))

    _run(url, compare)
    return found


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
