"""Making, changing and ending connections: the service of this room."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from geminicrm.connections.aging import renewed
from geminicrm.connections.models import UNTESTED, Connection
from geminicrm.connections.notices import settle
from geminicrm.connections.opened import SharedValues
from geminicrm.connections.services import Service, Services, Values
from geminicrm.connections.trust import refuse_to_lead_away
from geminicrm.connections.values import Beneath, check_hosts, check_whole, meant
from geminicrm.connections.ways import Authentication
from geminicrm.kernel.errors import (
    Finding,
    Forbidden,
    NotFound,
    PreconditionFailed,
    ValidationFailed,
)
from geminicrm.kernel.generation import CONNECTIONS, Generations
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.vault import Vault
from geminicrm.kernel.work import Work, Works

READ: Final = "read:integrations"
MANAGE: Final = "manage:integrations"
OWN: Final = "connect:accounts"
ENVIRONMENTS: Final = ("live", "test")
_SHOWN: Final = 4
_LONGEST_NAME: Final = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class NewConnection:
    """What somebody gave to connect; `owner_id` None is the workspace."""

    service: str
    config: Mapping[str, Any]
    name: str = ""
    way: str = ""
    environment: str = "live"
    owner_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What is to be another at a connection; None leaves it. `clear` names secrets to take away.

    `revision` is the one that the caller last saw.
    """

    config: Mapping[str, Any] = field(default_factory=dict)
    clear: Collection[str] = ()
    name: str | None = None
    active: bool | None = None
    revision: int | None = None


class ConnectionBook:
    """Keeps the connections of all workspaces; each function takes the unit of work first."""

    def __init__(
        self,
        works: Works,
        generations: Generations,
        vault: Vault,
        services: Services,
        shared: SharedValues,
    ) -> None:
        self.works = works
        self.generations = generations
        self.vault = vault
        self.services = services
        self.shared = shared

    def create(self, work: Work, new: NewConnection) -> Connection:
        """Store a connection. Raises ScopeMissing, Forbidden, ValidationFailed."""
        require_change(work, new.owner_id)
        service = self._service(work, new.service)
        way = _checked(service, new)
        values = self._merged(work, service, way, new.owner_id, Values({}, {}), new.config)
        row = Connection(
            id=new_id("conn"),
            workspace_id=work.workspace_id,
            installation_id=service.installation_id,
            extension_id=service.extension_id,
            owner_id=new.owner_id,
            name=new.name or service.name,
            way=way.id,
            environment=new.environment,
            active=True,
            status=UNTESTED,
            config=dict(values.plain),
            secrets=self.vault.seal(values.secrets),
            hints=hints_of(values.secrets),
            secrets_at=work.now,
            tokens_revision=0,
            refresh_failures=0,
            scopes=[],
            missing_scopes=[],
            account="",
            account_id="",
            created_by=work.actor.label,
            created_at=work.now,
            updated_at=work.now,
        )
        work.session.add(row)
        work.audit("connection.created", row.id, {"service": row.extension_id})
        self.generations.bump(work, CONNECTIONS)
        return row

    def change(self, work: Work, connection_id: str, changes: Changes) -> Connection:
        """Change a connection; other values make it untested.

        Raises NotFound, ScopeMissing, Forbidden, PreconditionFailed, ValidationFailed.
        """
        row = self.get(work, connection_id)
        require_change(work, row.owner_id)
        seen(row, changes.revision)
        if changes.config or changes.clear:
            self._change_values(work, row, changes)
        if changes.name is not None:
            row.name = _name(changes.name) or self.service_of(work, row).name
        if changes.active is not None:
            row.active = changes.active
        row.updated_at = work.now
        work.audit("connection.changed", row.id, _told(changes))
        self.generations.bump(work, CONNECTIONS)
        return row

    def remove(self, work: Work, connection_id: str) -> None:
        """Delete a connection. Raises NotFound, ScopeMissing, Forbidden."""
        row = self.get(work, connection_id)
        require_end(work, row.owner_id)
        work.session.delete(row)
        settle(work, row.workspace_id, row.id)
        renewed(work, row.workspace_id, row.id)
        work.audit("connection.removed", row.id, {"service": row.extension_id})
        self.generations.bump(work, CONNECTIONS)

    def get(self, work: Work, connection_id: str) -> Connection:
        """Give one that the actor may see. Raises NotFound, ScopeMissing."""
        work.require(READ)
        row = work.get(Connection, connection_id, "integration")
        if not may_see(work, row):
            raise NotFound("integration", connection_id)
        return row

    def service_of(self, work: Work, row: Connection) -> Service:
        """Give the integration that a connection is for. Raises ValidationFailed."""
        return self._service(work, row.extension_id)

    def beneath(self, service: Service) -> Beneath:
        """Give the values that hold where a connection has none."""
        return Beneath.of(service, self.shared, self.vault)

    def secrets_of(self, row: Connection) -> dict[str, str]:
        """Give the secrets of a connection in clear; none where no key opens them any more."""
        return self.vault.readable(row.secrets)

    def _change_values(self, work: Work, row: Connection, changes: Changes) -> None:
        service = self.service_of(work, row)
        kept = {k: v for k, v in self.secrets_of(row).items() if k not in changes.clear}
        stored = Values(row.config, kept)
        way = service.way(row.way)
        values = self._merged(work, service, way, row.owner_id, stored, changes.config)
        if values.secrets != self.secrets_of(row):
            row.secrets, row.secrets_at = self.vault.seal(values.secrets), work.now
            row.hints = hints_of(values.secrets)
            renewed(work, row.workspace_id, row.id)
        row.config = dict(values.plain)
        row.status, row.last_error, row.last_error_code = UNTESTED, None, None

    def _merged(
        self,
        work: Work,
        service: Service,
        way: Authentication,
        owner_id: str | None,
        stored: Values,
        given: Mapping[str, Any],
    ) -> Values:
        beneath = self.beneath(service)
        wanted = meant(service, given, stored, beneath)
        # Whether a field is needed depends on the way, and its value may come from elsewhere.
        lax = replace(service, fields=tuple(replace(one, required=False) for one in service.fields))
        try:
            values = self.services.merged(lax, stored, {**wanted.plain, **wanted.secrets})
            check_whole(service, way, values, beneath)
            refuse_to_lead_away(service, way, values, beneath)
        except ValidationFailed as error:
            raise ValidationFailed(_under("/config", error)) from None
        if owner_id is not None and not work.actor.allows(MANAGE):
            check_hosts(service, stored.plain, values.plain)
        return values

    def _service(self, work: Work, extension_id: str) -> Service:
        service = self.services.find(work.workspace_id, extension_id)
        if service is None:
            message = f"{extension_id!r} is not installed here, or connects to nothing."
            raise ValidationFailed([Finding("/service", "unknown_service", message)])
        return service


def hints_of(secrets: Mapping[str, str]) -> dict[str, str]:
    """Give the last characters of each secret, by which people tell them apart."""
    return {name: one[-_SHOWN:] for name, one in secrets.items() if len(one) >= 3 * _SHOWN}


def may_see(work: Work, row: Connection) -> bool:
    """Tell whether the actor may see a connection: the workspace's, one's own, or all."""
    mine = row.owner_id is None or row.owner_id == getattr(work.actor, "user_id", None)
    return mine or work.actor.allows(MANAGE)


def require_change(work: Work, owner_id: str | None) -> None:
    """Raise ScopeMissing or Forbidden for who may not change a connection."""
    if owner_id is None:
        work.require(MANAGE)
        return
    work.require(OWN)
    if owner_id != getattr(work.actor, "user_id", None):
        raise Forbidden("A connection of somebody's own is made and changed by that person only.")


def require_end(work: Work, owner_id: str | None) -> None:
    """Raise ScopeMissing or Forbidden; who manages integrations may end everybody's.

    People leave, and what they connected must not stay.
    """
    if not work.actor.allows(MANAGE):
        require_change(work, owner_id)


def seen(row: Connection, revision: int | None) -> None:
    """Raise PreconditionFailed where the caller last saw another revision."""
    if revision is not None and revision != row.revision:
        raise PreconditionFailed(
            f"It is at revision {row.revision} now; read it again, then repeat."
        )


def _checked(service: Service, new: NewConnection) -> Authentication:
    """Give the way that is meant. Raises ValidationFailed with all that is wrong."""
    found = []
    if new.environment not in ENVIRONMENTS:
        found.append(Finding("/environment", "unknown_value", "Write live or test."))
    ways = {one.id: one for one in service.ways}
    if new.way and new.way not in ways:
        message = f"{service.name} signs in by: {', '.join(ways)}."
        found.append(Finding("/way", "unknown_value", message))
    if len(new.name) > _LONGEST_NAME:
        found.append(_too_long())
    if found:
        raise ValidationFailed(found)
    return ways[new.way] if new.way else service.ways[0]


def _name(text: str) -> str:
    if len(text.strip()) > _LONGEST_NAME:
        raise ValidationFailed([_too_long()])
    return text.strip()


def _too_long() -> Finding:
    return Finding("/name", "too_long", f"Write at most {_LONGEST_NAME} characters.")


def _told(changes: Changes) -> dict[str, Any]:
    told: dict[str, Any] = {"fields": sorted({*changes.config, *changes.clear})}
    if changes.name is not None:
        told["name"] = changes.name
    if changes.active is not None:
        told["active"] = changes.active
    return told


def _under(pointer: str, error: ValidationFailed) -> list[Finding]:
    return [replace(one, pointer=f"{pointer}{one.pointer}") for one in error.findings]
