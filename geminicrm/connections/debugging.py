"""Debug logging of one connection, which always has an end."""

from datetime import timedelta
from typing import Final

from sqlalchemy import update

from geminicrm.connections.book import ConnectionBook, require_change
from geminicrm.connections.models import Connection
from geminicrm.kernel.generation import CONNECTIONS
from geminicrm.kernel.work import Work

HOURS: Final = 1


def switch(book: ConnectionBook, work: Work, connection_id: str, *, on: bool) -> None:
    """Write more of each call into the log for `HOURS`, or stop now.

    Raises NotFound, ScopeMissing, Forbidden.
    """
    row = book.get(work, connection_id)
    require_change(work, row.owner_id)
    until = work.now + timedelta(hours=HOURS) if on else None
    # Not by way of the row: no value of the connection is another.
    work.session.execute(
        update(Connection)
        .where(Connection.id == row.id)
        .values({Connection.debug_until: until})
        .execution_options(synchronize_session=False)
    )
    work.audit("connection.debugged", row.id, {"on": on})
    book.generations.bump(work, CONNECTIONS)
