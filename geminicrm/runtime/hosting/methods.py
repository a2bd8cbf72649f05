"""The methods of the doors that a host may call back, each with its typed arguments."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from geminicrm.runtime.context import ExtensionContext
from geminicrm.runtime.host import backs
from geminicrm.runtime.host.wire import WireBroken
from geminicrm.runtime.record_door import ExtensionRecords

Method: TypeAlias = Callable[[ExtensionContext, Any], object]

_OWN_FILTERS: Final = frozenset({"self", "limit", "cursor"})


def _record_methods(door: str) -> Mapping[tuple[str, str], Method]:
    def records(app: ExtensionContext) -> ExtensionRecords:
        found: ExtensionRecords = getattr(app, door)
        return found

    def page(app: ExtensionContext, given: backs.ListRecords) -> object:
        if not _OWN_FILTERS.isdisjoint(given.filters):
            raise WireBroken(f"a filter has the name of an argument of {door}.list")
        return records(app).list(limit=given.limit, cursor=given.cursor, **given.filters)

    def update(app: ExtensionContext, given: backs.UpdateRecord) -> object:
        return records(app).update(given.record_id, given.changes, if_version=given.if_version)

    def delete(app: ExtensionContext, given: backs.DeleteRecord) -> object:
        return records(app).delete(given.record_id, if_version=given.if_version)

    return {
        (door, "get"): lambda app, given: records(app).get(given.record_id),
        (door, "list"): page,
        (door, "create"): lambda app, given: records(app).create(given.data),
        (door, "update"): update,
        (door, "delete"): delete,
        (door, "get_many"): lambda app, given: records(app).get_many(given.record_ids),
        (door, "create_many"): lambda app, given: records(app).create_many(given.items),
        (door, "update_many"): lambda app, given: records(app).update_many(given.changes),
    }


def _save_settings(app: ExtensionContext, given: backs.SaveSettings) -> None:
    app.settings.save(given.values)


def _write_log(app: ExtensionContext, given: backs.WriteLog) -> None:
    app.log.write(given.level, given.message, given.fields)


def _put(app: ExtensionContext, given: backs.PutDocument) -> object:
    return app.storage.put(given.key, given.value, if_version=given.if_version)


def _drop(app: ExtensionContext, given: backs.DeleteDocument) -> object:
    return app.storage.delete(given.key, if_version=given.if_version)


def _documents(app: ExtensionContext, given: backs.ListDocuments) -> object:
    return app.storage.list(given.prefix, limit=given.limit, cursor=given.cursor)


def _emit(app: ExtensionContext, given: backs.EmitEvent) -> object:
    return app.events.emit(given.name, given.data, object_id=given.object_id)


def _enqueue(app: ExtensionContext, given: backs.EnqueueJob) -> object:
    return app.jobs.enqueue(
        given.name,
        given.payload,
        delay_seconds=given.delay_seconds,
        unique_key=given.unique_key,
        max_attempts=given.max_attempts,
    )


def _progress(app: ExtensionContext, given: backs.JobProgress) -> None:
    app.jobs.control().progress(given.percent, given.note)


def _ask(app: ExtensionContext, given: backs.AskProvider) -> object:
    return app.capabilities.ask(
        given.capability, given.operation, given.arguments, connection_id=given.connection_id
    )


_OTHERS: Final[Mapping[tuple[str, str], Method]] = {
    ("settings", "all"): lambda app, _given: dict(app.settings),
    ("settings", "save"): _save_settings,
    ("secrets", "all"): lambda app, _given: dict(app.secrets),
    ("log", "write"): _write_log,
    ("actor", "get"): lambda app, _given: app.actor,
    ("connection", "get"): lambda app, _given: app.connection,
    ("extension", "get"): lambda app, _given: app.extension,
    ("capabilities", "providers"): lambda app, given: app.capabilities.providers(given.capability),
    ("capabilities", "ask"): _ask,
    ("workspace", "get"): lambda app, _given: app.workspace,
    ("storage", "get"): lambda app, given: app.storage.get(given.key),
    ("storage", "get_many"): lambda app, given: app.storage.get_many(given.keys),
    ("storage", "put"): _put,
    ("storage", "put_many"): lambda app, given: app.storage.put_many(given.values),
    ("storage", "delete"): _drop,
    ("storage", "list"): _documents,
    ("storage", "usage"): lambda app, _given: app.storage.usage(),
    ("events", "emit"): _emit,
    ("limits", "take"): lambda app, given: app.limits.take(given.counts, given.count),
    ("jobs", "enqueue"): _enqueue,
    ("jobs", "progress"): _progress,
    ("jobs", "is_cancelled"): lambda app, _given: app.jobs.control().is_cancelled(),
}

METHODS: Final[Mapping[tuple[str, str], Method]] = MappingProxyType(
    {
        **{key: way for door in backs.RECORD_DOORS for key, way in _record_methods(door).items()},
        **_OTHERS,
    }
)
"""By door and method: what is done, and what it gives, as JSON can hold it."""
