"""Fills our tables quickly, by SQL that makes its own rows; only for the bench."""

import sqlite3
from typing import Any

from bench.exchanges import lead

_SAMPLE = 1_000
_FILL = """
WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < :count - 1)
INSERT INTO leads (
    id, workspace_id, version, created_at, updated_at, first_name, last_name, email, phone, company,
    title, source, status, amount_minor, currency, owner_id, tags, custom, sort_name, search_text)
SELECT
    printf('lead_%024d', n), :workspace_id, 1, :instant, :instant, :first_name,
    'Lovelace ' || n, 'ada' || n || '@example.com', :phone, 'Analytical Engines ' || (n % 97),
    :title, :source, :status, 125050, :currency, NULL, '["bench","warm"]', '{"shoe_size":38}',
    'lovelace ' || n || ' ada', ' lovelace ' || n || ' ada ada' || n || '@example.com'
FROM numbers
"""


def fill_leads(connection: sqlite3.Connection, count: int) -> list[str]:
    """Put `count` leads into the only workspace; give the ids of up to 1000 of them."""
    if count == 0:
        return []
    (workspace_id,) = connection.execute("SELECT id FROM workspaces").fetchone()
    values: dict[str, Any] = {
        name: value for name, value in lead(0).items() if isinstance(value, str)
    }
    values |= {
        "count": count,
        "workspace_id": workspace_id,
        "instant": "2026-01-02 03:04:05.000000",
    }
    connection.execute("PRAGMA cache_size=-256000")
    connection.execute(_FILL, values)
    connection.commit()
    step = max(count // _SAMPLE, 1)
    return [lead_id(number) for number in range(0, count, step)]


def lead_id(number: int) -> str:
    """Give the id of the filled lead with this number; ids rise with it."""
    return f"lead_{number:024d}"
