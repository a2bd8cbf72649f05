"""What a caller hears of a database that is full, away, or used wrongly by us."""

import sqlite3

import psycopg
import pytest
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from geminicrm.kernel.trouble import trouble


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OperationalError("x", {}, sqlite3.OperationalError("database or disk is full")), 507),
        (OperationalError("x", {}, psycopg.errors.DiskFull("No space left on device")), 507),
        (OperationalError("x", {}, psycopg.OperationalError("connection refused")), 503),
        (OperationalError("x", {}, sqlite3.OperationalError("database is locked")), 503),
        (OperationalError("x", {}, sqlite3.OperationalError("disk I/O error")), 503),
        (ProgrammingError("x", {}, Exception("gone"), connection_invalidated=True), 503),
        (PoolTimeoutError("no connection in time"), 503),
    ],
)
def test_what_passes_is_said_to_pass(error, code):
    assert trouble(error).status == code


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("x", {}, sqlite3.OperationalError("no such table: leads")),
        ProgrammingError("x", {}, psycopg.errors.UndefinedTable("no such table")),
    ],
)
def test_a_fault_of_ours_is_not_talked_round(error):
    assert trouble(error) is None
