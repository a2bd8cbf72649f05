"""What the migration makes of mail that was stored before it."""

import sqlalchemy as sa

from geminicrm.kernel.migrate import downgrade, upgrade

_NOW = "2026-11-21 09:00:00+00:00"
_MAILS = (
    ("filed", "conn_own", "lead_1"),
    ("open", "conn_shared", None),
    ("own", "conn_own", None),
    ("gone", "conn_gone", None),
)


def _store(connection, table, **values):
    names = ", ".join(f'"{name}"' for name in values)
    marks = ", ".join(f":{name}" for name in values)
    connection.execute(sa.text(f"INSERT INTO {table} ({names}) VALUES ({marks})"), values)  # noqa: S608 - names of our own


def _installed(connection):
    columns = sa.inspect(connection).get_columns
    for table, given in (
        ("workspaces", {"id": "ws_1"}),
        ("installations", {"id": "inst_1", "workspace_id": "ws_1"}),
    ):
        _store(connection, table, **{**_filled(columns(table)), **given})
    for identifier, owner in (("conn_own", "usr_1"), ("conn_shared", None)):
        facts = _filled(columns("connections"))
        place = {"id": identifier, "workspace_id": "ws_1", "installation_id": "inst_1"}
        _store(connection, "connections", **{**facts, **place, "owner_id": owner})


def _filled(columns):
    """Give something for each column that has to have a value."""
    return {one["name"]: _value(one["type"]) for one in columns if not one["nullable"]}


def _value(kind):
    if isinstance(kind, sa.Boolean):
        return True
    if isinstance(kind, sa.DateTime):
        return _NOW
    if isinstance(kind, sa.Integer | sa.Float):
        return 1
    return "{}"


def test_of_somebodys_own_mail_that_fits_nobody_the_key_alone_is_left(database_url):
    upgrade(database_url, "0010_mail")
    engine = sa.create_engine(database_url)
    with engine.begin() as connection:
        _installed(connection)
        for key, via, lead in _MAILS:
            _store(
                connection, "received_mails", id=key, workspace_id="ws_1", connection_id=via,
                message_key=key, sender='{"email": "a@example.com"}', subject="S", text="T",
                automatic=False, received_at=_NOW, stored_at=_NOW, related_id=lead,
            )  # fmt: skip
    upgrade(database_url)
    with engine.begin() as connection:
        query = "SELECT id, state, subject, text, CAST(sender AS TEXT) FROM received_mails"
        found = {row[0]: tuple(row[1:]) for row in connection.execute(sa.text(query))}
    engine.dispose()
    whole = ("S", "T", '{"email": "a@example.com"}')
    assert found == {
        "filed": ("filed", *whole),
        "open": ("open", *whole),
        "own": ("private", "", "", "{}"),
        "gone": ("private", "", "", "{}"),
    }
    downgrade(database_url, "0010_mail")
