"""The engines that data tests run on."""

from collections.abc import Callable
from pathlib import Path

import pytest


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
