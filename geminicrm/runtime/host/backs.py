"""What a host may ask of the core's doors: each method with its arguments as a closed type.

They travel as JSON beside a Back message. Members of free form (`data`, `value`, ...) are bounded
by `values.decode` before anything is built from them.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal, TypeAlias

from msgspec import Meta, Struct

# What has the right type but a wrong value is an honest mistake: the doors answer it, as they do
# in process. Numbers are bounded to what a database takes.
Limit: TypeAlias = Annotated[int, Meta(ge=-(2**53), le=2**53)]
Version: TypeAlias = Annotated[int, Meta(ge=-(2**53), le=2**53)]
Data: TypeAlias = dict[str, Any]


class _Arguments(Struct, frozen=True, forbid_unknown_fields=True):
    """Base of all."""


class Nothing(_Arguments, frozen=True):
    """No arguments."""


class GetRecord(_Arguments, frozen=True):
    """`get` of a record door."""

    record_id: str


class ListRecords(_Arguments, frozen=True):
    """`list` of a record door."""

    limit: Limit
    cursor: str | None
    filters: dict[str, str]


class CreateRecord(_Arguments, frozen=True):
    """`create` of a record door."""

    data: Data


class UpdateRecord(_Arguments, frozen=True):
    """`update` of a record door."""

    record_id: str
    changes: Data
    if_version: Version | None


class DeleteRecord(_Arguments, frozen=True):
    """`delete` of a record door."""

    record_id: str
    if_version: Version | None


class GetRecords(_Arguments, frozen=True):
    """`get_many` of a record door."""

    record_ids: list[str]


class CreateRecords(_Arguments, frozen=True):
    """`create_many` of a record door."""

    items: list[Data]


class UpdateRecords(_Arguments, frozen=True):
    """`update_many` of a record door."""

    changes: dict[str, Data]


class SaveSettings(_Arguments, frozen=True):
    """`settings.save`."""

    values: Data


class WriteLog(_Arguments, frozen=True):
    """A line of `log`."""

    level: Literal["debug", "info", "warning", "error"]
    message: Annotated[str, Meta(max_length=4_000)]
    fields: Data


class GetDocument(_Arguments, frozen=True):
    """`storage.get`."""

    key: str


class GetDocuments(_Arguments, frozen=True):
    """`storage.get_many`."""

    keys: list[str]


class PutDocument(_Arguments, frozen=True):
    """`storage.put`."""

    key: str
    value: Any
    if_version: Version | None


class PutDocuments(_Arguments, frozen=True):
    """`storage.put_many`."""

    values: dict[str, Any]


class DeleteDocument(_Arguments, frozen=True):
    """`storage.delete`."""

    key: str
    if_version: Version | None


class ListDocuments(_Arguments, frozen=True):
    """`storage.list`."""

    prefix: str
    limit: Limit
    cursor: str | None


class EmitEvent(_Arguments, frozen=True):
    """`events.emit`."""

    name: str
    data: Data
    object_id: str | None


class EnqueueJob(_Arguments, frozen=True):
    """`jobs.enqueue`."""

    name: str
    payload: Any
    delay_seconds: float
    unique_key: str | None
    max_attempts: Limit


class JobProgress(_Arguments, frozen=True):
    """`job.progress` of the job that runs."""

    percent: float
    note: str


class TakeTurns(_Arguments, frozen=True):
    """`limits.take`."""

    counts: str
    count: Limit


class Providers(_Arguments, frozen=True):
    """`capabilities.providers`."""

    capability: str


class AskProvider(_Arguments, frozen=True):
    """`capabilities.ask`."""

    capability: str
    operation: str
    arguments: Data
    connection_id: str


RECORD_DOORS: Final = ("leads", "contacts", "companies", "deals", "activities")
_RECORDS: Final[Mapping[str, type[Struct]]] = {
    "get": GetRecord,
    "list": ListRecords,
    "create": CreateRecord,
    "update": UpdateRecord,
    "delete": DeleteRecord,
    "get_many": GetRecords,
    "create_many": CreateRecords,
    "update_many": UpdateRecords,
}
_OTHERS: Final[Mapping[tuple[str, str], type[Struct]]] = {
    ("settings", "all"): Nothing,
    ("settings", "save"): SaveSettings,
    ("secrets", "all"): Nothing,
    ("log", "write"): WriteLog,
    ("actor", "get"): Nothing,
    ("connection", "get"): Nothing,
    ("extension", "get"): Nothing,
    ("capabilities", "providers"): Providers,
    ("capabilities", "ask"): AskProvider,
    ("workspace", "get"): Nothing,
    ("storage", "get"): GetDocument,
    ("storage", "get_many"): GetDocuments,
    ("storage", "put"): PutDocument,
    ("storage", "put_many"): PutDocuments,
    ("storage", "delete"): DeleteDocument,
    ("storage", "list"): ListDocuments,
    ("storage", "usage"): Nothing,
    ("events", "emit"): EmitEvent,
    ("limits", "take"): TakeTurns,
    ("jobs", "enqueue"): EnqueueJob,
    ("jobs", "progress"): JobProgress,
    ("jobs", "is_cancelled"): Nothing,
}

BACKS: Final[Mapping[tuple[str, str], type[Struct]]] = MappingProxyType(
    {
        **{(door, name): kind for door in RECORD_DOORS for name, kind in _RECORDS.items()},
        **_OTHERS,
    }
)
"""By door and method. `all` gives the mapping, `get` of actor and workspace their facts."""
