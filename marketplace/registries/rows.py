"""The registries of this CRM as they stand in the database."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from geminicrm.kernel.clock import format_instant
from geminicrm.kernel.errors import AppError
from geminicrm.kernel.work import Work
from geminicrm.runtime.history.models import ExtensionOrigin
from geminicrm.runtime.models import EMBEDDED, Installation
from marketplace.registries.errors import UnknownRegistry
from marketplace.registries.models import RegistryRow
from marketplace.signing.pins import ACTIVE, Pinned, pinned_of

EMBEDDED_NAME = "This installation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """A registry as its row says; `url` is None for the embedded one, `token` is encrypted."""

    id: str
    name: str
    url: str | None
    position: int
    enabled: bool
    token: str | None
    pin: Pinned | None
    notices: Mapping[str, Any] | None
    notices_serial: int
    checked_at: datetime | None
    error: str | None
    error_code: str | None

    @property
    def embedded(self) -> bool:
        """Tell whether it is part of this CRM."""
        return self.id == EMBEDDED

    def to_dict(self) -> dict[str, Any]:
        """Give what operators see; the token stays inside."""
        return {
            "id": self.id,
            "name": self.name,
            "url": self.url,
            "position": self.position,
            "enabled": self.enabled,
            "has_token": self.token is not None,
            "fingerprints": sorted(self.pin.of_state(ACTIVE)) if self.pin else [],
            "keys_serial": self.pin.serial if self.pin else 0,
            "notices_serial": self.notices_serial,
            "notices_expire_at": self.notices["expires_at"] if self.notices else None,
            "checked_at": format_instant(self.checked_at) if self.checked_at else None,
            "error": self.error,
        }


def facts_of(row: RegistryRow) -> Facts:
    """Read a row; keys that do not hold together count as none, so that nothing is believed."""
    try:
        pin = pinned_of(row.keys_serial, row.keys) if row.keys else None
    except AppError:
        pin = None
    return Facts(
        id=row.id,
        name=row.name,
        url=row.url,
        position=row.position,
        enabled=row.enabled,
        token=row.token,
        pin=pin,
        notices=row.notices,
        notices_serial=row.notices_serial,
        checked_at=row.checked_at,
        error=row.error,
        error_code=row.error_code,
    )


def every_registry(work: Work) -> list[Facts]:
    """Give all registries in the order in which they are asked, the embedded one always."""
    statement = select(RegistryRow).order_by(RegistryRow.position, RegistryRow.created_at)
    found = [facts_of(row) for row in work.session.scalars(statement)]
    return found if any(one.embedded for one in found) else [_embedded(), *found]


def ensure_embedded(work: Work) -> None:
    """Give the embedded registry its row, where its keys have not been made yet."""
    if work.session.get(RegistryRow, EMBEDDED) is None:
        work.session.add(
            RegistryRow(
                id=EMBEDDED,
                name=EMBEDDED_NAME,
                position=0,
                enabled=True,
                keys=[],
                keys_serial=0,
                notices_serial=0,
                created_at=work.now,
            )
        )
        work.session.flush()


def row_named(work: Work, name: str) -> RegistryRow:
    """Read a registry by its name or id; UnknownRegistry."""
    wanted = (RegistryRow.name == name) | (RegistryRow.id == name)
    row = work.session.scalars(select(RegistryRow).where(wanted)).first()
    if row is None:
        raise UnknownRegistry(name)
    return row


def origin_of(work: Work, workspace_id: str, extension_id: str) -> str | None:
    """Give the id of the registry that an extension is bound to in a workspace, if any."""
    statement = select(ExtensionOrigin.registry_id).where(
        ExtensionOrigin.workspace_id == workspace_id,
        ExtensionOrigin.extension_id == extension_id,
    )
    return work.session.scalar(statement)


def count_bound(work: Work, registry_id: str) -> int:
    """Count the installations of all workspaces that come from a registry."""
    bound = Installation.registry_id == registry_id
    return work.session.scalar(select(func.count(Installation.id)).where(bound)) or 0


def _embedded() -> Facts:
    return Facts(
        id=EMBEDDED,
        name=EMBEDDED_NAME,
        url=None,
        position=0,
        enabled=True,
        token=None,
        pin=None,
        notices=None,
        notices_serial=0,
        checked_at=None,
        error=None,
        error_code=None,
    )
