"""Connections of people who leave: out of use at once, ended at the service after the commit."""

from typing import Any, Final

from sqlalchemy import select

from geminicrm.connections.book import ConnectionBook
from geminicrm.connections.ending import Ending
from geminicrm.connections.models import Connection
from geminicrm.identity.actor import SystemActor
from geminicrm.kernel.errors import NotFound, ValidationFailed
from geminicrm.kernel.generation import CONNECTIONS
from geminicrm.kernel.jobs.jobs import NewJob, enqueue
from geminicrm.kernel.jobs.kinds import Claimed, Run
from geminicrm.kernel.work import Work

LEAVING_KIND: Final = "connections.leave"
_SECONDS: Final = 180


class Leaving:
    """Implements what the room of members needs when somebody leaves."""

    def __init__(self, book: ConnectionBook) -> None:
        self._book = book

    def leave(self, work: Work, user_id: str) -> None:
        """Take out of use what somebody connected of their own, and have each ended.

        In the transaction that removes them: from its commit on no mailbox of theirs is read. The
        services are told by jobs, which outlive this process.
        """
        query = select(Connection).where(Connection.owner_id == user_id).order_by(Connection.id)
        rows = work.session.scalars(query.with_for_update()).all()
        for row in rows:
            row.active, row.updated_at = False, work.now
            new = NewJob(
                kind=LEAVING_KIND,
                payload={"connection_id": row.id},
                seconds=_SECONDS,
                unique_key=row.id,
            )
            enqueue(work, new)
            work.audit("connection.leaving", row.id, {"service": row.extension_id})
        if rows:
            self._book.generations.bump(work, CONNECTIONS)


class LeavingKind:
    """Implements the engine's Kind: ends one connection of somebody who left."""

    name = LEAVING_KIND

    def __init__(self, book: ConnectionBook, ending: Ending) -> None:
        self._book = book
        self._ending = ending

    def ready(self) -> bool:
        """Give True: a service that does not listen keeps nobody."""
        return True

    def run(self, job: Claimed, run: Run) -> dict[str, Any] | None:  # noqa: ARG002 - telling a service is not interrupted
        """Tell the service, then delete the connection. Done twice it does no more than once."""
        actor, connection_id = SystemActor(job.workspace_id), job.payload["connection_id"]
        try:
            return {"warnings": list(self._ending.end(actor, connection_id))}
        except NotFound:  # somebody, or this job before it was cut off, ended it
            return None
        except ValidationFailed:  # the integration does not run, so nobody can tell the service
            with self._book.works.write(actor) as work:
                self._book.remove(work, connection_id)
            return {"warnings": ["the service was not told: its integration does not run"]}
