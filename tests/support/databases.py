"""The engines that data tests run on."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from geminicrm.kernel.db import Base

_TABLES = "tables"


def _sqlite(request: pytest.FixtureRequest) -> str:
    folder: Path = request.getfixturevalue("tmp_path")
    return f"sqlite:///{folder / 'test.db'}"


def _postgresql(request: pytest.FixtureRequest) -> str:
    fresh: Callable[[], str] = request.getfixturevalue("fresh_database")
    return fresh()


ENGINES = {"sqlite": _sqlite, "postgresql": _postgresql}


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest) -> str:
    """Give the address of an empty database, once per engine."""
    return ENGINES[request.param](request)


@pytest.fixture(params=ENGINES)
def full_database_url(request: pytest.FixtureRequest) -> str:
    """Give the address of a database for `make_core`, once per engine.

    On PostgreSQL it is a copy of one that has all tables; on SQLite `make_core` copies a file.
    """
    if request.param == "sqlite":
        return _sqlite(request)
    request.getfixturevalue("postgres_cluster").template(_TABLES, make_tables)
    fresh: Callable[[str], str] = request.getfixturevalue("fresh_database")
    return fresh(_TABLES)


def make_tables(url: str) -> None:
    """Make all tables there."""
    engine = create_engine(url)
    Base.metadata.create_all(engine)
    engine.dispose()
