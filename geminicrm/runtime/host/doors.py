"""`self.app` inside a host: the doors of the SDK, each a question to the core."""

import json as jsonlib
from collections.abc import Iterator, KeysView, Mapping, Sequence
from typing import Any, Final, NoReturn

from typing_extensions import override

from extensions.sdk.connection import ConnectionInfo
from extensions.sdk.context import ActorInfo, ExtensionInfo, HttpResponse, WorkspaceInfo
from extensions.sdk.errors import Finding, HttpFailed, Invalid
from extensions.sdk.limits import Counts
from extensions.sdk.records import Record, RecordPage
from geminicrm.runtime.host.announced import HostEvents
from geminicrm.runtime.host.backs import RECORD_DOORS
from geminicrm.runtime.host.capabilities import HostCapabilities
from geminicrm.runtime.host.current import HttpWishes, current
from geminicrm.runtime.host.jobs import HostJobs
from geminicrm.runtime.host.stored import HostStorage
from geminicrm.runtime.host.values import encode, encode_fields

_NOTHING: Final = b"{}"
_LONGEST_SECONDS: Final = 30.0


class HostRecords:
    """Implements the SDK's RecordDoor."""

    def __init__(self, door: str) -> None:
        self._door = door

    def get(self, record_id: str) -> Record:
        """Give one record."""
        found: Record = self._ask("get", record_id=record_id)
        return found

    def list(self, *, limit: int = 50, cursor: str | None = None, **filters: str) -> RecordPage:
        """Give a page of records."""
        page = self._ask("list", limit=limit, cursor=cursor, filters=filters)
        return RecordPage(tuple(page["data"]), page["next_cursor"])

    def create(self, data: Mapping[str, Any]) -> Record:
        """Make a record."""
        made: Record = self._ask("create", data=data)
        return made

    def update(
        self, record_id: str, changes: Mapping[str, Any], *, if_version: int | None = None
    ) -> Record:
        """Change fields."""
        changed: Record = self._ask(
            "update", record_id=record_id, changes=changes, if_version=if_version
        )
        return changed

    def delete(self, record_id: str, *, if_version: int | None = None) -> None:
        """Delete a record."""
        self._ask("delete", record_id=record_id, if_version=if_version)

    def get_many(self, record_ids: Sequence[str]) -> tuple[Record, ...]:
        """Give records in the order asked."""
        return tuple(self._ask("get_many", record_ids=list(record_ids)))

    def create_many(self, items: Sequence[Mapping[str, Any]]) -> tuple[Record, ...]:
        """Make records, all or none."""
        return tuple(self._ask("create_many", items=list(items)))

    def update_many(self, changes: Mapping[str, Mapping[str, Any]]) -> tuple[Record, ...]:
        """Change records, all or none."""
        return tuple(self._ask("update_many", changes=changes))

    def _ask(self, method: str, **arguments: Any) -> Any:
        return _ask(self._door, method, **arguments)


class HostHttp:
    """Implements the SDK's HttpDoor; the core sends."""

    def request(  # noqa: PLR0913 - all but two by name
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: object = None,
        body: bytes | None = None,
        timeout: float = _LONGEST_SECONDS,
        retries: int = 3,
        idempotency_key: str | None = None,
        idempotency_header: str = "Idempotency-Key",
        cache_seconds: float = 0.0,
    ) -> HttpResponse:
        """Send one request."""
        sent = dict(headers or {})
        content = body or b""
        if json is not None:
            content = jsonlib.dumps(json).encode()
            sent.setdefault("Content-Type", "application/json")
        seconds = min(max(timeout, 0.001), _LONGEST_SECONDS)
        wishes = HttpWishes(retries, idempotency_key, idempotency_header, cache_seconds)
        return current().ask_http(method, url, list(sent.items()), content, seconds, wishes)


class HostLimits:
    """Implements the SDK's LimitsDoor."""

    def take(self, counts: Counts, count: int = 1) -> None:
        """Wait until so many may be sent."""
        _ask("limits", "take", counts=counts, count=count)


class HostSockets:
    """Implements the SDK's SocketsDoor, which leads nowhere: the locks of a host allow none."""

    def connect(self, *_given: object, **_more: object) -> NoReturn:
        """Refuse it."""
        raise HttpFailed("Only what comes with the CRM opens connections; use http.", sent=False)

    encrypt = connect


class HostSettings:
    """Implements the SDK's SettingsDoor; asked for once in a call."""

    def __getitem__(self, setting_id: str, /) -> Any:
        return self._values()[setting_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values())

    def __len__(self) -> int:
        return len(self._values())

    def keys(self) -> KeysView[str]:
        """Give the ids that have a value."""
        return self._values().keys()

    def get(self, setting_id: str, default: object = None, /) -> Any:
        """Give one value, else `default`."""
        return self._values().get(setting_id, default)

    def save(self, values: Mapping[str, Any]) -> None:
        """Store the given settings."""
        call = current()
        _ask("settings", "save", values=values)
        call.settings = call.secrets = None

    def _values(self) -> dict[str, Any]:
        call = current()
        if call.settings is None:
            call.settings = _ask("settings", "all")
        return call.settings


class HostSecrets(Mapping[str, str]):
    """The secret settings by id; asked for once in a call."""

    @override
    def __getitem__(self, setting_id: str) -> str:
        return self._values()[setting_id]

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(self._values())

    @override
    def __len__(self) -> int:
        return len(self._values())

    def _values(self) -> Mapping[str, str]:
        call = current()
        if call.secrets is None:
            call.secrets = _ask("secrets", "all")
        return call.secrets


class HostLog:
    """Implements the SDK's LogDoor."""

    def debug(self, message: str, **fields: object) -> None:
        """Write a line for the author."""
        self._write("debug", message, fields)

    def info(self, message: str, **fields: object) -> None:
        """Write a line for the operator."""
        self._write("info", message, fields)

    def warning(self, message: str, **fields: object) -> None:
        """Write that something needs a look."""
        self._write("warning", message, fields)

    def error(self, message: str, **fields: object) -> None:
        """Write that something failed."""
        self._write("error", message, fields)

    def _write(self, level: str, message: str, fields: Mapping[str, object]) -> None:
        plain = {name: _loggable(value) for name, value in fields.items()}
        _ask("log", "write", level=level, message=str(message)[:4_000], fields=plain)


class HostContext:
    """Implements `extensions.sdk.context.Context`; works inside of a call and nowhere else."""

    def __init__(self) -> None:
        self.leads, self.contacts, self.companies, self.deals, self.activities = (
            HostRecords(door) for door in RECORD_DOORS
        )
        self.http = HostHttp()
        self.sockets = HostSockets()
        self.limits = HostLimits()
        self.settings = HostSettings()
        self.secrets = HostSecrets()
        self.storage = HostStorage()
        self.events = HostEvents()
        self.jobs = HostJobs()
        self.capabilities = HostCapabilities()
        self.log = HostLog()

    @property
    def actor(self) -> ActorInfo:
        """Who the current call is made for."""
        facts = _ask("actor", "get")
        return ActorInfo(**{**facts, "scopes": frozenset(facts["scopes"])})

    @property
    def connection(self) -> ConnectionInfo:
        """The connection that the current call is made for."""
        facts = _ask("connection", "get")
        return ConnectionInfo(**{**facts, "scopes": tuple(facts["scopes"])})

    @property
    def extension(self) -> ExtensionInfo:
        """The extension itself."""
        facts = _ask("extension", "get")
        return ExtensionInfo(**{**facts, "types": tuple(facts["types"])})

    @property
    def workspace(self) -> WorkspaceInfo:
        """The workspace of the current call."""
        return WorkspaceInfo(**_ask("workspace", "get"))


def _ask(door: str, method: str, **arguments: Any) -> Any:
    try:
        body = encode_fields(arguments) if arguments else _NOTHING
    except TypeError as error:
        raise Invalid([Finding("", "not_json", str(error))]) from error
    return current().ask(door, method, body)


def _loggable(value: object) -> object:
    try:
        encode(value)
    except TypeError:
        return repr(value)[:500]
    return value
