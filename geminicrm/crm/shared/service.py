"""What can be done with any record, inside one unit of work."""

from collections.abc import Mapping, Sequence
from typing import Any

from geminicrm.crm.shared.listing import ListPage, ListQuery, list_page
from geminicrm.crm.shared.models import RecordRow
from geminicrm.crm.shared.settling import derived, settle
from geminicrm.crm.shared.spec import BASE, Change, RecordSpec, Rest
from geminicrm.kernel.errors import NotFound, PreconditionFailed
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.tenancy import WORKSPACE
from geminicrm.kernel.work import Work

__all__ = [
    "ListPage",
    "ListQuery",
    "create",
    "delete",
    "get",
    "get_many",
    "list_page",
    "present",
    "preview_create",
    "preview_update",
    "update",
]


def get(work: Work, spec: RecordSpec, identifier: str) -> Rest:
    """Read one record; NotFound where this workspace has none."""
    work.require(f"read:{spec.noun}")
    row = work.session.execute(spec.one, _key(work, identifier)).first()
    if row is None:
        raise NotFound(spec.kind, identifier)
    return spec.shape(spec.raw(row))


def get_many(work: Work, spec: RecordSpec, identifiers: Sequence[str]) -> list[Rest]:
    """Read records in the order asked; unknown ids are left out."""
    work.require(f"read:{spec.noun}")
    wanted = [_safe(each) for each in identifiers]
    statement = spec.base.where(spec.model.id.in_(wanted))
    rows = work.session.execute(statement, {WORKSPACE: work.workspace_id})
    found = {row.id: row for row in rows}
    kept = [found[identifier] for identifier in identifiers if identifier in found]
    return [spec.shape(spec.raw(row)) for row in kept]


def present(work: Work, spec: RecordSpec, identifier: str, if_version: int | None = None) -> Rest:
    """Give a record that is about to be changed, held until the end of a writing unit."""
    work.require(f"write:{spec.noun}")
    return spec.shape(spec.raw_of(_entity(work, spec, identifier, if_version)))


def preview_create(work: Work, spec: RecordSpec, values: Mapping[str, Any]) -> Rest:
    """Give the record as it would be created, without creating it."""
    work.require(f"write:{spec.noun}")
    return spec.shape(_new(work, spec, _settled(work, spec, values)))


def create(work: Work, spec: RecordSpec, values: Mapping[str, Any]) -> Rest:
    """Create a record from parsed input; ValidationFailed lists every wrong field."""
    work.require(f"write:{spec.noun}")
    change = _settled(work, spec, values)
    raw = _new(work, spec, change)
    stored = {spec.attribute(name): value for name, value in raw.items()}
    work.session.add(spec.model(workspace_id=work.workspace_id, **stored, **derived(spec, change)))
    after = spec.shape(raw)
    changes = {
        name: {"from": None, "to": value}
        for name, value in after.items()
        if name not in BASE and value not in (None, [], {})
    }
    work.audit(f"{spec.kind}.created", after["id"], changes)
    work.record(spec.events.created(object_id=after["id"], object_version=1, data=after))
    for event in spec.follow(None, after):
        work.record(event)
    return after


def preview_update(
    work: Work,
    spec: RecordSpec,
    identifier: str,
    values: Mapping[str, Any],
    if_version: int | None = None,
) -> tuple[Rest, Rest]:
    """Give the record as it is and as it would be, without changing it."""
    work.require(f"write:{spec.noun}")
    row = _entity(work, spec, identifier, if_version)
    before, after, _ = _changed(work, spec, row, values)
    return before, after


def update(
    work: Work,
    spec: RecordSpec,
    identifier: str,
    values: Mapping[str, Any],
    if_version: int | None = None,
) -> Rest:
    """Change the named fields; nothing happens, and nothing is told, where none differs.

    Raises NotFound, PreconditionFailed when `if_version` is not the present one, and
    ValidationFailed with every wrong field.
    """
    work.require(f"write:{spec.noun}")
    row = _entity(work, spec, identifier, if_version)
    before, after, change = _changed(work, spec, row, values)
    names = [name for name in after if name not in BASE and before[name] != after[name]]
    if not names:
        return before
    for name, value in {**change.values, "updated_at": work.now}.items():
        setattr(row, spec.attribute(name), value)
    for name, text in derived(spec, change).items():
        setattr(row, name, text)
    changes = {name: {"from": before[name], "to": after[name]} for name in names}
    work.audit(f"{spec.kind}.updated", identifier, changes)
    work.record(
        spec.events.updated(
            object_id=identifier,
            object_version=after["version"],
            data={**after, "changed_fields": names},
        )
    )
    for event in spec.follow(before, after):
        work.record(event)
    return after


def delete(work: Work, spec: RecordSpec, identifier: str, if_version: int | None = None) -> None:
    """Take a record out of sight; NotFound, or PreconditionFailed for another version."""
    work.require(f"write:{spec.noun}")
    row = _entity(work, spec, identifier, if_version)
    last = {**spec.raw_of(row), "version": row.version + 1, "updated_at": work.now}
    row.deleted_at = row.updated_at = work.now
    work.audit(f"{spec.kind}.deleted", identifier, {})
    work.record(
        spec.events.deleted(
            object_id=identifier, object_version=last["version"], data=spec.shape(last)
        )
    )


def _key(work: Work, identifier: str) -> dict[str, str]:
    return {WORKSPACE: work.workspace_id, "id": _safe(identifier)}


def _safe(identifier: str) -> str:
    """Take away the NUL, which PostgreSQL refuses in text and no id holds."""
    return identifier.replace("\x00", "")


def _entity(work: Work, spec: RecordSpec, identifier: str, if_version: int | None) -> RecordRow:
    row: RecordRow | None = work.session.execute(
        spec.entity, _key(work, identifier)
    ).scalar_one_or_none()
    if row is None:
        raise NotFound(spec.kind, identifier)
    if if_version is not None and row.version != if_version:
        raise PreconditionFailed(
            f"The {spec.kind} is at version {row.version}; read it again, then repeat.",
            current_version=row.version,
        )
    return row


def _settled(work: Work, spec: RecordSpec, values: Mapping[str, Any]) -> Change:
    change = Change(None, dict(values))
    settle(work, spec, change)
    return change


def _new(work: Work, spec: RecordSpec, change: Change) -> Rest:
    given = {
        "id": new_id(spec.kind),
        "version": 1,
        "created_at": work.now,
        "updated_at": work.now,
        **spec.defaults,
        "tags": [],
        "custom": {},
        **change.values,
    }
    return {name: given.get(name) for name in spec.all_fields}


def _changed(
    work: Work, spec: RecordSpec, row: RecordRow, values: Mapping[str, Any]
) -> tuple[Rest, Rest, Change]:
    raw = spec.raw_of(row)
    change = Change(raw, dict(values))
    settle(work, spec, change)
    stamps = {"version": row.version + 1, "updated_at": work.now}
    return spec.shape(dict(raw)), spec.shape({**raw, **change.values, **stamps}), change
