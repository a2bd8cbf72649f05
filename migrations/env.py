"""What Alembic runs: on the connection it is given, or on GEMINICRM_DATABASE_URL."""

import os

from alembic import context
from sqlalchemy import JSON, Connection, create_engine

from geminicrm import tables
from geminicrm.kernel.db import UtcDateTime
from geminicrm.kernel.migrate import comparison


def render_item(kind, item, _autogen_context):
    """Write our own types in plain SQLAlchemy: a revision must not change when they do."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, JSON):
        return "sa.JSON().with_variant(postgresql.JSONB(), 'postgresql')"
    return False


def run(connection: Connection) -> None:
    """Migrate on an open connection; whoever opened it commits."""
    context.configure(
        connection=connection,
        target_metadata=tables.metadata(),
        render_item=render_item,
        render_as_batch=connection.dialect.name == "sqlite",
        **comparison(connection),
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    with create_engine(os.environ["GEMINICRM_DATABASE_URL"]).begin() as opened:
        run(opened)
