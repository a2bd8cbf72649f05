"""Migrations lead to the tables that the models describe, and back to nothing."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sqlalchemy import create_engine, inspect

from geminicrm import tables
from geminicrm.kernel.migrate import (
    BASE,
    differences,
    downgrade,
    full_text_tables,
    pending,
    upgrade,
)


def _tables(url: str) -> set[str]:
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            derived = full_text_tables(connection)
        return set(inspect(engine).get_table_names()) - {"alembic_version"} - derived
    finally:
        engine.dispose()


def test_head_is_what_the_models_say(database_url: str):
    upgrade(database_url)
    assert differences(database_url, tables.metadata()) == []
    assert _tables(database_url) == set(tables.metadata().tables)


def test_an_old_database_is_known_by_its_revision(database_url: str):
    assert pending(database_url)
    upgrade(database_url)
    assert not pending(database_url)


def test_base_leaves_nothing(database_url: str):
    upgrade(database_url)
    downgrade(database_url, BASE)
    assert _tables(database_url) == set()


def test_a_difference_would_be_seen(database_url: str):
    assert differences(database_url, tables.metadata()) != []


def test_upgrading_twice_and_at_once_is_harmless(database_url: str):
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(upgrade, [database_url] * 3))
    assert _tables(database_url) == set(tables.metadata().tables)


def test_a_missing_folder_is_made(tmp_path: Path):
    upgrade(f"sqlite:///{tmp_path}/new/home/crm.db")
    assert (tmp_path / "new/home/crm.db").exists()
