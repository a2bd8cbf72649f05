"""Units of work that keep nothing: to find out what would become of changes, and make none."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.orm.exc import StaleDataError
from typing_extensions import override

from geminicrm.kernel.errors import PreconditionFailed
from geminicrm.kernel.tenancy import WorkspaceSession
from geminicrm.kernel.work import Actor, Crossing, Work, Works


@dataclass(frozen=True, slots=True)
class _Statement:
    """A statement that has written something, as the driver was given it."""

    text: str
    parameters: Any


class DryWorks(Works):
    """Opens units that see what those before them would have written, and are taken back.

    Each is a transaction of its own, so that nobody waits for longer than with real ones: it first
    repeats the statements of those before it. Checks, versions and ids are those of the database.
    Nobody is woken, and what waits for a commit never runs.
    """

    def __init__(self, works: Works) -> None:
        super().__init__(works.database, works.clock)
        self._written: list[_Statement] = []

    @override
    def read(self, actor: Actor) -> contextlib.AbstractContextManager[Work]:
        if not self._written:
            return super().read(actor)
        return self._dry(actor, actor.workspace_id)

    @override
    def write(self, actor: Actor) -> contextlib.AbstractContextManager[Work]:
        return self._dry(actor, actor.workspace_id)

    @override
    def across_workspaces(
        self, reason: str, *, write: bool = False
    ) -> contextlib.AbstractContextManager[Work]:
        if not write and not self._written:
            return super().across_workspaces(reason)
        return self._dry(Crossing(), None)

    @contextlib.contextmanager
    def _dry(self, actor: Actor, workspace_id: str | None) -> Iterator[Work]:
        written: list[_Statement] = []
        with self._taken_back() as connection:
            _listen(connection, written)
            # In a transaction that it has not begun, the session's commit commits nothing.
            with WorkspaceSession(
                workspace_id=workspace_id, bind=connection, expire_on_commit=False
            ) as session:
                try:
                    yield Work(session, actor, self.clock.now())
                    session.commit()
                except StaleDataError as error:
                    raise PreconditionFailed(
                        "Somebody else changed it meanwhile; read it again, then repeat."
                    ) from error
        self._written += written

    @contextlib.contextmanager
    def _taken_back(self) -> Iterator[Connection]:
        with self.database.writing(), self.database.write_engine.connect() as connection:
            transaction = connection.begin()
            try:
                for one in self._written:
                    connection.exec_driver_sql(one.text, one.parameters)
                yield connection
            finally:
                transaction.rollback()


def _listen(connection: Connection, written: list[_Statement]) -> None:
    @event.listens_for(connection, "after_cursor_execute")
    def _note(
        _connection: Connection,
        _cursor: object,
        text: str,
        parameters: Any,
        context: Any,
        _many: bool,  # noqa: FBT001 - as above
    ) -> None:
        if context.isinsert or context.isupdate or context.isdelete:
            written.append(_Statement(text, parameters))
