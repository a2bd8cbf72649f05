"""Ending connections: the service is told, as far as it listens, then they are deleted."""

from collections.abc import Callable
from typing import Protocol

import structlog
from sqlalchemy import select

from extensions.sdk.errors import SdkError
from geminicrm.connections.book import ConnectionBook, require_end
from geminicrm.connections.models import Connection
from geminicrm.connections.notices import settle
from geminicrm.connections.table import Connected, connected
from geminicrm.connections.ways import Authentication
from geminicrm.kernel.errors import AppError
from geminicrm.kernel.work import Actor

_log = structlog.get_logger(__name__)

End = Callable[[Actor, str], object]
"""Has an integration take back at the service what it set up there; raises SdkError."""


class Revoker(Protocol):
    """Takes tokens back at the service that gave them."""

    def revoke(self, connection: Connected, way: Authentication) -> None:
        """Revoke the tokens of a connection (RFC 7009). Raises the SDK's ServiceError, AppError."""
        ...


class Ending:
    """Disconnects; what the service answers keeps nobody from leaving it."""

    def __init__(self, book: ConnectionBook, end: End, revoker: Revoker) -> None:
        self._book = book
        self._end = end
        self._revoker = revoker

    def end(self, actor: Actor, connection_id: str) -> tuple[str, ...]:
        """Tell the service, then delete the connection; give what the service would not do.

        Raises NotFound, ScopeMissing, Forbidden.
        """
        with self._book.works.read(actor) as work:
            row = self._book.get(work, connection_id)
            require_end(work, row.owner_id)
            way = self._book.service_of(work, row).way(row.way)
            found = connected(row)
        warnings = self._told(actor, found, way)
        with self._book.works.write(actor) as work:
            self._book.remove(work, connection_id)
        return warnings

    def leave(self, actor: Actor, extension_id: str) -> tuple[str, ...]:
        """Tell the service about each connection of an extension that is about to be removed.

        The rows go with the installation.
        """
        with self._book.works.read(actor) as work:
            rows = work.session.scalars(
                select(Connection).where(Connection.extension_id == extension_id)
            )
            found = [connected(row) for row in rows]
            service = self._book.services.find(work.workspace_id, extension_id)
        if service is None:
            return ()
        warnings = [
            warning for one in found for warning in self._told(actor, one, service.way(one.way))
        ]
        with self._book.works.write(actor) as work:
            for one in sorted(found, key=lambda one: one.id):
                settle(work, one.workspace_id, one.id)
        return tuple(warnings)

    def _told(self, actor: Actor, found: Connected, way: Authentication) -> tuple[str, ...]:
        steps: tuple[Callable[[], object], ...] = (
            lambda: self._end(actor, found.id),
            lambda: self._revoker.revoke(found, way),
        )
        warnings = []
        for step in steps:
            try:
                step()
            except (SdkError, AppError) as error:
                # What it says may repeat a credential: only its kind is kept.
                code = error.code
                _log.warning("a service was not told", connection_id=found.id, code=code)
                warnings.append(
                    f"{found.name}: the service was not told ({code}). Remove its access there."
                )
        return tuple(warnings)
