"""The unit of work: one transaction, one actor, what happened in it."""

import contextlib
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Protocol, TypeVar

import structlog
from sqlalchemy.orm.exc import StaleDataError

from geminicrm.kernel.audit import AuditEntry
from geminicrm.kernel.clock import Clock
from geminicrm.kernel.db import Base, Database
from geminicrm.kernel.errors import NotFound, PreconditionFailed, ScopeMissing
from geminicrm.kernel.events import Announced, Event
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.outbox import OutboxEvent
from geminicrm.kernel.tenancy import WorkspaceOwned, WorkspaceSession

_log = structlog.get_logger(__name__)


class Actor(Protocol):
    """Who acts: a user, a token, an extension, the system; within one workspace."""

    @property
    def kind(self) -> str:
        """Say what it is: user, token, extension or system."""
        ...

    @property
    def id(self) -> str:
        """Give the id that the audit log keeps."""
        ...

    @property
    def label(self) -> str:
        """Give the name that people read."""
        ...

    @property
    def workspace_id(self) -> str:
        """Name the one workspace it acts in."""
        ...

    @property
    def scopes(self) -> frozenset[str]:
        """List what it may do."""
        ...

    def allows(self, scope: str) -> bool:
        """Tell whether it holds the scope; implementations may count the question."""
        ...


class Crossing:
    """The actor of a deliberate look across workspaces: the relay, sign-in, the registry."""

    kind = "system"
    id = "system"
    label = "System"
    workspace_id = ""
    scopes: frozenset[str] = frozenset()

    def allows(self, scope: str) -> bool:  # noqa: ARG002 - the system needs no scope
        """Allow; the code that crosses is the core's own."""
        return True


Row = TypeVar("Row", bound=Base)


class Work:
    """What a service function gets first: session, actor, clock and recorder of one transaction."""

    def __init__(self, session: WorkspaceSession, actor: Actor, now: datetime) -> None:
        self.session = session
        self.actor = actor
        self.now = now
        self.workspace_id = actor.workspace_id
        self.for_workers = False
        self._after_commit: list[Callable[[], object]] = []

    def require(self, scope: str) -> None:
        """Raise ScopeMissing unless the actor holds the scope."""
        if not self.actor.allows(scope):
            raise ScopeMissing(scope, self.actor.label)

    def get(self, model: type[Row], identifier: str, kind: str | None = None) -> Row:
        """Read one row of this workspace; NotFound for none, another's, or a deleted one."""
        row = self.session.get(model, identifier)
        gone = row is None or getattr(row, "deleted_at", None) is not None
        if row is None or gone or not self._mine(row):
            raise NotFound(kind or model.__name__.lower(), identifier)
        return row

    def record(self, event: Event | Announced) -> str:
        """Store an event with the change itself, and give its id.

        The relay hands it out after the commit.
        """
        event_id = new_id("evt")
        self.session.add(
            OutboxEvent(
                id=event_id,
                workspace_id=self.workspace_id,
                type=event.type,
                schema_version=event.schema_version,
                object_id=event.object_id,
                object_version=event.object_version,
                occurred_at=self.now,
                data=event.data,
            )
        )
        self.wake_workers()
        return event_id

    def wake_workers(self) -> None:
        """Have the workers look for work once the transaction has committed."""
        self.for_workers = True

    def audit(
        self, action: str, subject: str, changes: dict[str, Any], workspace_id: str | None = None
    ) -> None:
        """Write down who did what to which thing."""
        self.session.add(
            AuditEntry(
                id=new_id("aud"),
                workspace_id=workspace_id or self.workspace_id,
                at=self.now,
                actor_kind=self.actor.kind,
                actor_id=self.actor.id,
                actor_label=self.actor.label,
                action=action,
                subject=subject,
                changes=changes,
            )
        )

    def after_commit(self, call: Callable[[], object]) -> None:
        """Run `call` once the transaction has committed, and never if it has not."""
        self._after_commit.append(call)

    def committed(self) -> None:
        """Run what waits for the commit."""
        for call in self._after_commit:
            call()

    def _mine(self, row: Base) -> bool:
        if self.session.workspace_id is None or not isinstance(row, WorkspaceOwned):
            return True
        return row.workspace_id == self.session.workspace_id


class Works:
    """Opens units of work on one database; `wake` is called after a commit that left work."""

    def __init__(
        self, database: Database, clock: Clock, wake: Callable[[], object] = lambda: None
    ) -> None:
        self.database = database
        self.clock = clock
        self._wake = wake

    def read(self, actor: Actor) -> contextlib.AbstractContextManager[Work]:
        """Open a reading unit in the actor's workspace; nothing it does is kept."""
        return self._reading(actor, actor.workspace_id)

    def write(self, actor: Actor) -> contextlib.AbstractContextManager[Work]:
        """Open a writing unit in the actor's workspace: commits at the end, or keeps nothing.

        Raises PreconditionFailed when a row it changed was changed by another meanwhile.
        """
        return self._writing(actor, actor.workspace_id)

    def across_workspaces(
        self, reason: str, *, write: bool = False
    ) -> contextlib.AbstractContextManager[Work]:
        """Open a unit that sees every workspace; `reason` goes to the log."""
        _log.debug("crossing workspaces", reason=reason)
        return self._writing(Crossing(), None) if write else self._reading(Crossing(), None)

    @contextlib.contextmanager
    def _reading(self, actor: Actor, workspace_id: str | None) -> Iterator[Work]:
        with WorkspaceSession(
            workspace_id=workspace_id, bind=self.database.engine, autoflush=False
        ) as session:
            yield Work(session, actor, self.clock.now())

    @contextlib.contextmanager
    def _writing(self, actor: Actor, workspace_id: str | None) -> Iterator[Work]:
        with self.database.writing():
            session = WorkspaceSession(
                workspace_id=workspace_id,
                bind=self.database.write_engine,
                expire_on_commit=False,
            )
            with session:
                work = Work(session, actor, self.clock.now())
                try:
                    yield work
                    session.commit()
                except StaleDataError as error:
                    raise PreconditionFailed(
                        "Somebody else changed it meanwhile; read it again, then repeat."
                    ) from error
        if work.for_workers:
            self._wake()
        work.committed()
