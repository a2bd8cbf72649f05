"""The frozen Manifest: what an extension says of itself. It holds; it does not act."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from geminicrm.connections.ways import Authentication, Limit
from geminicrm.webhooks.incoming.entry import InboundWebhook

SettingType: TypeAlias = Literal[
    "text", "password", "textarea", "number", "integer", "boolean", "select", "email", "url"
]


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a select."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing an admin fills in; `env` names variables that may give the value."""

    id: str
    type: SettingType
    label: str
    description: str
    required: bool
    default: str | float | bool | None
    options: tuple[Option, ...]
    env: tuple[str, ...]
    placeholder: str

    @property
    def secret(self) -> bool:
        """Whether the value is stored encrypted and never shown again."""
        return self.type == "password"


@dataclass(frozen=True, slots=True)
class NetworkEntry:
    """A host that may be called: `host`, or the one that the setting `setting` holds."""

    host: str | None
    setting: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Requires:
    """What must be there: version ranges as text, Python requirements as text."""

    geminicrm: str | None
    extensions: Mapping[str, str]
    python: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Widget:
    """A widget of the dashboard, or a page of the extension's own."""

    id: str
    title: str


@dataclass(frozen=True, slots=True)
class NavigationEntry:
    """An entry of the menu that opens the page `page`."""

    id: str
    title: str
    page: str


@dataclass(frozen=True, slots=True)
class RecordPanel:
    """A panel on the page of a kind of record."""

    id: str
    title: str
    record: str


@dataclass(frozen=True, slots=True)
class RecordAction:
    """A button on the page of a kind of record; `confirm` is asked first where it is not empty."""

    id: str
    title: str
    record: str
    confirm: str


@dataclass(frozen=True, slots=True)
class CustomField:
    """A field that the extension adds to a kind of record."""

    id: str
    label: str
    record: str
    type: str
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ui:
    """What the extension adds to the pages."""

    navigation: tuple[NavigationEntry, ...]
    dashboard_widgets: tuple[Widget, ...]
    record_panels: tuple[RecordPanel, ...]
    record_actions: tuple[RecordAction, ...]
    pages: tuple[Widget, ...]
    custom_fields: tuple[CustomField, ...]


@dataclass(frozen=True, slots=True)
class Schedule:
    """Work that comes round; `cron` in the workspace's time zone."""

    id: str
    cron: str
    description: str


@dataclass(frozen=True, slots=True)
class OwnEvent:
    """A type of event that the extension announces; `schema` and `sample` are those of its data."""

    name: str
    description: str
    schema: Mapping[str, Any]
    sample: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class OwnOperation:
    """One operation of a capability of the extension's own; both schemas are checked ones."""

    name: str
    description: str
    changes: bool
    arguments: Mapping[str, Any]
    result: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class OwnCapability:
    """A capability of the extension's own, under the name that is beneath its id."""

    name: str
    description: str
    operations: tuple[OwnOperation, ...]


@dataclass(frozen=True, slots=True)
class Screenshot:
    """A picture for the marketplace, by its path inside the folder."""

    path: str
    caption: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One checked manifest. `source` is the JSON that it was read from, for storing.

    `hooks` is None where the manifest does not say which hooks the extension implements. With a way
    of `authentication` it is an integration: its settings belong to connections.
    """

    id: str
    name: str
    version: str
    description: str
    author: str
    license: str
    entry_point: str
    icon: str | None
    api_version: int
    permissions: tuple[str, ...]
    optional_permissions: tuple[str, ...]
    permission_reasons: Mapping[str, str]
    settings: tuple[Setting, ...]
    network: tuple[NetworkEntry, ...]
    events: tuple[str, ...]
    event_types: tuple[OwnEvent, ...]
    hooks: tuple[str, ...] | None
    provides: tuple[str, ...]
    capability_types: tuple[OwnCapability, ...]
    authentication: tuple[Authentication, ...]
    limits: tuple[Limit, ...]
    ui: Ui
    schedules: tuple[Schedule, ...]
    inbound_webhooks: tuple[InboundWebhook, ...]
    categories: tuple[str, ...]
    keywords: tuple[str, ...]
    homepage: str | None
    requires: Requires
    screenshots: tuple[Screenshot, ...]
    support: str | None
    privacy: str | None
    storage_version: int
    sockets: bool
    source: Mapping[str, Any]

    @property
    def is_integration(self) -> bool:
        """Whether it signs in to an outside service."""
        return bool(self.authentication)

    @property
    def taken_webhooks(self) -> tuple[InboundWebhook, ...]:
        """The webhooks that are received: those that say how they are signed."""
        return tuple(one for one in self.inbound_webhooks if one.scheme and self.is_integration)

    @property
    def needed_settings(self) -> tuple[Setting, ...]:
        """What an installation must have; an integration's settings are asked for to connect."""
        return () if self.is_integration else self.settings

    @property
    def event_kind(self) -> str:
        """What the names of its own events begin with, before the point."""
        return event_kind(self.id)


def event_kind(extension_id: str) -> str:
    """Give what the names of an extension's own events begin with, before the point."""
    return extension_id.replace("-", "_")
