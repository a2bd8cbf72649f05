"""What installed integrations say of themselves, as the room of connections sees them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from geminicrm.connections.ways import Authentication, Limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One thing that people fill in to connect: a setting of the manifest.

    `type` is that of the manifest's setting; `options` are pairs of value and label; `env` names
    the variables that may give the value; `injected` says that the core alone uses the value.
    """

    id: str
    type: str
    label: str
    description: str
    required: bool
    secret: bool
    default: str | float | bool | None
    options: tuple[tuple[str, str], ...]
    env: tuple[str, ...]
    placeholder: str
    injected: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One installed integration of a workspace.

    `host_fields` are the fields that name hosts which may be called, `hosts` those that its
    manifest names itself. `given` and `sealed` are the values of the installation, plain and
    encrypted: they hold for each connection that has none of its own. `webhook_secrets` are the
    fields that its webhooks are checked with, None where it takes none.
    """

    installation_id: str
    workspace_id: str
    extension_id: str
    name: str
    enabled: bool
    provides: tuple[str, ...]
    fields: tuple[Field, ...]
    ways: tuple[Authentication, ...]
    limits: tuple[Limit, ...]
    host_fields: frozenset[str]
    hosts: tuple[str, ...] = ()
    webhook_secrets: frozenset[str] | None = None
    given: Mapping[str, Any] = field(default_factory=dict)
    sealed: str | None = None

    @property
    def takes_webhooks(self) -> bool:
        """Whether the outside service sends it webhooks."""
        return self.webhook_secrets is not None

    def way(self, way_id: str) -> Authentication:
        """Give one of its ways; the first where it is not there any more."""
        return next((one for one in self.ways if one.id == way_id), self.ways[0])


@dataclass(frozen=True, slots=True)
class Values:
    """What somebody filled in, by field; secrets in clear.

    `origins` says where values come from that were given for the whole installation.
    """

    plain: Mapping[str, Any]
    secrets: Mapping[str, str]
    origins: Mapping[str, str] = field(default_factory=dict)


class Services(Protocol):
    """The integrations of a workspace; the runtime has them."""

    def all(self, workspace_id: str) -> Sequence[Service]:
        """Give those that are installed, by name."""
        ...

    def find(self, workspace_id: str, extension_id: str) -> Service | None:
        """Give one; None where it is not installed, or no integration."""
        ...

    def merged(self, service: Service, stored: Values, given: Mapping[str, Any]) -> Values:
        """Check what is given and put it over what is stored; None takes a value away.

        Raises ValidationFailed with a finding per field, its pointer being `/<field>`.
        """
        ...
