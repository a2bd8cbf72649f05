"""The doors of the core that an extension finds at `self.app`.

Protocols only: the core implements them in process, the extension host over its socket, and the
test kit in memory. Every call checks the grant of the installation that the call is made for.
"""

import json
from collections.abc import Iterator, KeysView, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from extensions.sdk.capabilities.using import CapabilitiesDoor
from extensions.sdk.connection import ConnectionInfo
from extensions.sdk.errors import HttpFailed
from extensions.sdk.events import EventsDoor
from extensions.sdk.jobs import JobsDoor
from extensions.sdk.limits import LimitsDoor
from extensions.sdk.records import Record, RecordPage
from extensions.sdk.sockets import SocketsDoor
from extensions.sdk.storage import StorageDoor


class RecordDoor(Protocol):
    """One kind of record, such as `app.leads`.

    Reading needs `read:<noun>`, writing `write:<noun>`; every method raises `PermissionDenied`
    without it. Inside a user's request the user needs the scope too.
    """

    def get(self, record_id: str) -> Record:
        """Give one record. Raises `NotFound`."""

    def list(self, *, limit: int = 50, cursor: str | None = None, **filters: str) -> RecordPage:
        """Give a page of up to 100 records, with the REST list's filters. Raises `Invalid`."""

    def create(self, data: Mapping[str, Any]) -> Record:
        """Make a record and give it back. Raises `Invalid`, `Refused`."""

    def update(
        self, record_id: str, changes: Mapping[str, Any], *, if_version: int | None = None
    ) -> Record:
        """Change the named fields. Raises `NotFound`, `Invalid`, `Refused`, `Conflict`."""

    def delete(self, record_id: str, *, if_version: int | None = None) -> None:
        """Delete one record. Raises `NotFound`, `Conflict`."""

    def get_many(self, record_ids: Sequence[str]) -> tuple[Record, ...]:
        """Give up to 100 records in the order asked; unknown ids are left out."""

    def create_many(self, items: Sequence[Mapping[str, Any]]) -> tuple[Record, ...]:
        """Make up to 100 records, all or none. Raises `Invalid`: `/<index>/<field>`."""

    def update_many(self, changes: Mapping[str, Mapping[str, Any]]) -> tuple[Record, ...]:
        """Change up to 100 records, all or none; `changes` maps ids to fields."""


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """The answer of an outside host. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Give the body as JSON. Raises `HttpFailed` where it is none."""
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise HttpFailed(f"The answer is not JSON: {error}") from error


class HttpDoor(Protocol):
    """Calls to the hosts that the manifest names under `network`."""

    def request(  # noqa: PLR0913 - all but two by name
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: object = None,
        body: bytes | None = None,
        timeout: float = 30.0,
        retries: int = 3,
        idempotency_key: str | None = None,
        idempotency_header: str = "Idempotency-Key",
        cache_seconds: float = 0.0,
    ) -> HttpResponse:
        """Send one request and give the answer whatever its status; `timeout` is in seconds.

        It covers everything: waiting for the connection's limits, and up to 3 repetitions (fewer
        with `retries`) after 429, 500, 502, 503, 504 and failed connections. Only GET, HEAD,
        OPTIONS and what certainly was not sent are repeated, and what has an `idempotency_key`,
        which the service gets in `idempotency_header`. An answer to GET serves for
        `cache_seconds` (up to a day) without asking again.

        Raises `HttpNotAllowed` for other hosts and private addresses, `HttpFailed` if no answer
        came; and with nothing sent `RateLimited` where the limits let none through in time,
        `ServiceUnavailable` while the service is down, `AuthenticationError` without credentials.
        """


class SettingsDoor(Protocol):
    """The plain settings of the current workspace by id; reads like a mapping."""

    def __getitem__(self, setting_id: str, /) -> Any:
        """Give one value. Raises `KeyError` where it is not set and has no default."""

    def __iter__(self) -> Iterator[str]:
        """Go through the ids that have a value."""

    def __len__(self) -> int:
        """Count the ids that have a value."""

    def keys(self) -> KeysView[str]:
        """Give the ids that have a value."""

    def get(self, setting_id: str, default: object = None, /) -> Any:
        """Give one value, else `default`."""

    def save(self, values: Mapping[str, Any]) -> None:
        """Store the given settings, secret ones too, and leave the others. Raises `Invalid`."""


class LogDoor(Protocol):
    """The extension's log, shown on its page; `fields` are kept as structured data."""

    def debug(self, message: str, **fields: object) -> None:
        """Write a line for the author."""

    def info(self, message: str, **fields: object) -> None:
        """Write a line for the operator."""

    def warning(self, message: str, **fields: object) -> None:
        """Write that something needs a look."""

    def error(self, message: str, **fields: object) -> None:
        """Write that something failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActorInfo:
    """Who the current call is made for."""

    kind: Literal["user", "token", "extension", "system"]
    id: str
    label: str
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceInfo:
    """The current workspace, with IANA zone, ISO 4217 currency and BCP 47 locale."""

    id: str
    name: str
    timezone: str = "UTC"
    currency: str = "USD"
    locale: str = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionInfo:
    """The extension of the current call, as its manifest has it; `types` are what it provides."""

    id: str
    name: str
    version: str
    types: tuple[str, ...] = ()


class Context(Protocol):
    """What `ExtensionBase.__init__` is given and keeps as `self.app`.

    One object serves all workspaces: each door finds the workspace and the actor of the current
    call, so nothing read from it may be kept between calls.
    """

    @property
    def leads(self) -> RecordDoor:
        """Leads."""

    @property
    def contacts(self) -> RecordDoor:
        """Contacts."""

    @property
    def companies(self) -> RecordDoor:
        """Companies."""

    @property
    def deals(self) -> RecordDoor:
        """Deals."""

    @property
    def activities(self) -> RecordDoor:
        """Activities: calls, e-mails, meetings, notes and tasks."""

    @property
    def http(self) -> HttpDoor:
        """Outside calls."""

    @property
    def sockets(self) -> SocketsDoor:
        """Connections that are no HTTP, for extensions that come with the CRM."""

    @property
    def limits(self) -> LimitsDoor:
        """What the service of the current connection allows, for what goes out beside `http`."""

    @property
    def settings(self) -> SettingsDoor:
        """Plain settings of the current workspace."""

    @property
    def secrets(self) -> Mapping[str, str]:
        """Secret settings (type `password`) of the current workspace, in clear."""

    @property
    def storage(self) -> StorageDoor:
        """Documents that this extension keeps for the current workspace."""

    @property
    def events(self) -> EventsDoor:
        """Events that this extension announces."""

    @property
    def jobs(self) -> JobsDoor:
        """Work for later, which `run_job` does."""

    @property
    def connection(self) -> ConnectionInfo:
        """The connection that this call is made for. Raises `NotConnected` where there is none."""

    @property
    def capabilities(self) -> CapabilitiesDoor:
        """What the other extensions of the workspace provide."""

    @property
    def extension(self) -> ExtensionInfo:
        """The extension that is called."""

    @property
    def log(self) -> LogDoor:
        """The extension's log."""

    @property
    def actor(self) -> ActorInfo:
        """Who the current call is made for."""

    @property
    def workspace(self) -> WorkspaceInfo:
        """The workspace of the current call."""
