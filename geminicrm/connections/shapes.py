"""Connections as programs and pages see them: never with a secret."""

from datetime import datetime
from typing import Any

from geminicrm.connections.book import ConnectionBook
from geminicrm.connections.models import Connection
from geminicrm.connections.services import Service
from geminicrm.connections.values import Beneath
from geminicrm.kernel.clock import format_instant
from geminicrm.kernel.errors import NotFound

Shape = dict[str, Any]
WORKSPACE = "workspace"


class Shaper:
    """Gives the shapes of one answer; asks for each integration once."""

    def __init__(self, book: ConnectionBook, workspace_id: str, now: datetime) -> None:
        self._book = book
        self._now = now
        self.services = {one.extension_id: one for one in book.services.all(workspace_id)}
        self._beneath: dict[str, Beneath] = {}

    def shape(self, row: Connection) -> Shape:
        """Give a connection; secrets in `config` are null, `sources` says where values are from.

        Raises NotFound where its extension connects to nothing any more.
        """
        service = self.services.get(row.extension_id)
        if service is None:
            raise NotFound("integration", row.id)
        beneath = self.beneath(service)
        plain = {**beneath.values.plain, **row.config}
        own = [*row.config, *self._book.secrets_of(row)]
        return {
            "id": row.id,
            "service": row.extension_id,
            "service_name": service.name,
            "types": list(service.provides),
            "name": row.name,
            "owner": row.owner_id or WORKSPACE,
            "is_active": row.active,
            "status": row.status,
            "last_error": row.last_error,
            "last_error_code": row.last_error_code,
            "config": {one.id: None if one.secret else plain.get(one.id) for one in service.fields},
            "sources": beneath.sources_with(own),
            "hints": {name: row.hints.get(name) for name in self._book.secrets_of(row)},
            "account": row.account,
            "way": row.way,
            "environment": row.environment,
            "scopes": row.scopes,
            "missing_scopes": row.missing_scopes,
            "secrets_age_days": (self._now - row.secrets_at).days,
            "tested_at": written(row.tested_at),
            "last_ok_at": written(row.last_ok_at),
            "last_error_at": written(row.last_error_at),
            "token_expires_at": written(row.token_expires_at),
            "paused_until": written(row.paused_until),
            "debug_until": written(row.debug_until),
            "created_by": row.created_by,
            "created_at": format_instant(row.created_at),
            "updated_at": format_instant(row.updated_at),
            "version": row.revision,
        }

    def beneath(self, service: Service) -> Beneath:
        """Give the values that hold for all connections of an integration."""
        if service.extension_id not in self._beneath:
            self._beneath[service.extension_id] = self._book.beneath(service)
        return self._beneath[service.extension_id]


def written(instant: datetime | None) -> str | None:
    """Write an instant, if there is one."""
    return format_instant(instant) if instant is not None else None
