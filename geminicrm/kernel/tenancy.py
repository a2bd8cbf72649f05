"""Workspace isolation: tenant tables, and the session that can't see past its workspace.

Every row of a tenant table belongs to one workspace. A session of a unit of work filters ORM
statements by it, refuses statements it can't filter, and refuses to store another's row.
"""

from typing import Any

from sqlalchemy import (
    Alias,
    ColumnElement,
    ForeignKeyConstraint,
    Join,
    Select,
    String,
    Table,
    UniqueConstraint,
)
from sqlalchemy import event as sa_event
from sqlalchemy.orm import (
    Mapped,
    ORMExecuteState,
    Session,
    mapped_column,
    with_loader_criteria,
)
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import TextClause

WORKSPACE = "workspace_id"
CHECKED = "geminicrm_workspace_bound"


class IsolationBroken(RuntimeError):
    """The code tried to reach rows in a way that workspace isolation can't check."""


class WorkspaceOwned:
    """Marks a model as a tenant table and gives it its `workspace_id`."""

    workspace_id: Mapped[str] = mapped_column(String(40), index=False)


def tenant_fk(column: str, table: str, ondelete: str | None = None) -> ForeignKeyConstraint:
    """Point `column` at a row of `table` in the same workspace, and at no other's."""
    return ForeignKeyConstraint(
        [WORKSPACE, column], [f"{table}.{WORKSPACE}", f"{table}.id"], ondelete=ondelete
    )


def tenant_args(*others: Any) -> tuple[Any, ...]:
    """Give the table arguments of a tenant table: the key that composite references need."""
    return (UniqueConstraint(WORKSPACE, "id"), *others)


class WorkspaceSession(Session):
    """A session that holds to one workspace; `workspace_id` None means an audited crossing."""

    def __init__(self, *, workspace_id: str | None, **options: Any) -> None:
        super().__init__(**options)
        self.workspace_id = workspace_id


@sa_event.listens_for(WorkspaceSession, "do_orm_execute")
def _hold_to_workspace(state: ORMExecuteState) -> None:
    workspace = _workspace_of(state.session)
    if workspace is None or state.is_column_load or state.is_relationship_load:
        return
    if _names_its_workspace(state, workspace):
        return
    if not state.is_orm_statement or state.is_insert or state.is_from_statement:
        _refuse_tenant_tables(state.statement)
        return
    _refuse_raw_tables(state.statement)
    state.statement = state.statement.options(
        with_loader_criteria(
            WorkspaceOwned, lambda cls: cls.workspace_id == workspace, include_aliases=True
        )
    )


@sa_event.listens_for(WorkspaceSession, "before_flush")
def _own_rows_only(session: Session, _context: object, _instances: object) -> None:
    workspace = _workspace_of(session)
    if workspace is None:
        return
    for row in (*session.new, *session.dirty, *session.deleted):
        if not isinstance(row, WorkspaceOwned):
            continue
        owner: str | None = row.workspace_id
        if owner is None:
            row.workspace_id = workspace
        elif owner != workspace:
            raise IsolationBroken(f"{type(row).__name__} belongs to another workspace")


def _workspace_of(session: Session) -> str | None:
    if not isinstance(session, WorkspaceSession):
        raise IsolationBroken("use the session of a unit of work")
    return session.workspace_id


def _names_its_workspace(state: ORMExecuteState, workspace: str) -> bool:
    """Tell whether a prepared statement carries the workspace as a parameter, and the right one.

    Hot paths prepare their statement once with `workspace_id = :workspace_id` and the execution
    option CHECKED; adding criteria to it for each request would cost more than the query.
    """
    if not state.execution_options.get(CHECKED):
        return False
    given = state.parameters
    if not isinstance(given, dict) or given.get(WORKSPACE) != workspace:
        raise IsolationBroken("a prepared statement was run for another workspace")
    return True


def _refuse_tenant_tables(statement: Any) -> None:
    for part in visitors.iterate(statement):
        if isinstance(part, TextClause):
            raise IsolationBroken("text() can't be held to a workspace; write an ORM statement")
        if _is_tenant(part):
            raise IsolationBroken(f"write an ORM statement; Core passes the filter: {part}")


def _refuse_raw_tables(statement: Any) -> None:
    """Refuse tables that are named without their entity: the filter would not reach them.

    A bare column is harmless where its table's entity is selected beside it (the same FROM).
    """
    parts = list(visitors.iterate(statement))
    reached = {id(_table_of(part)) for part in parts if _is_entity(part)}
    for part in parts:
        named, within = _named_by(part), reached
        if isinstance(part, Select):
            within = {id(_table_of(one)) for one in named if _is_entity(one)}
        for one in named:
            column = isinstance(one, ColumnElement)
            if not _is_entity(one) and not (column and id(_table_of(one)) in within):
                raise IsolationBroken(f"name the entity, not its table: {one}")


def _named_by(part: Any) -> list[Any]:
    if isinstance(part, Select):
        joined = [target for target, *_rest in part._setup_joins]  # noqa: SLF001 - joins have no public list
        candidates = [*part._raw_columns, *part._from_obj, *joined]  # noqa: SLF001 - nor have the tables as they were named
    elif isinstance(part, Join):
        candidates = [part.left, part.right]
    else:
        candidates = [part] if isinstance(part, ColumnElement) else []
    return [candidate for candidate in candidates if _is_tenant(_table_of(candidate))]


def _table_of(part: Any) -> Any:
    table = getattr(part, "table", None) if isinstance(part, ColumnElement) else part
    return getattr(table, "_Annotated__element", table)


def _is_entity(part: Any) -> bool:
    # The annotation is the only mark that tells an entity's table from a bare one.
    return "parententity" in getattr(part, "_annotations", {})


def _is_tenant(part: object) -> bool:
    if isinstance(part, Alias):
        return _is_tenant(part.element)
    return isinstance(part, Table) and WORKSPACE in part.c
