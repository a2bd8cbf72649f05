"""The connections of this process's workspaces in memory, never older than their generation."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select

from geminicrm.connections.models import Connection
from geminicrm.kernel.generation import CONNECTIONS, Generations
from geminicrm.kernel.work import Works


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """One connection as its row says; `secrets` and `tokens` are still encrypted.

    `owner_id` is None where it is the workspace's.
    """

    id: str
    workspace_id: str
    installation_id: str
    extension_id: str
    owner_id: str | None
    name: str
    way: str
    environment: str
    active: bool
    status: str
    config: Mapping[str, Any]
    secrets: str | None
    tokens: str | None
    tokens_revision: int
    token_expires_at: datetime | None
    account: str
    scopes: tuple[str, ...]
    paused_until: datetime | None
    debug_until: datetime | None
    last_error_code: str | None
    refresh_at: datetime | None = None


_NAMES = tuple(name for name in Connected.__slots__ if name != "scopes")


def connected(row: Connection) -> Connected:
    """Give a row as it is kept in memory."""
    return Connected(
        **{name: getattr(row, name) for name in _NAMES}, scopes=tuple(row.scopes or ())
    )


ENVIRONMENTS: Final = ("live", "test")
"""Test data stays apart: it is used where there is nothing live."""


class ConnectionTable:
    """Reads the connections of an installation when first asked for, and after each change."""

    def __init__(self, works: Works, generations: Generations) -> None:
        self._works = works
        self._generations = generations
        self._lock = threading.Lock()
        self._seen = -1
        self._known: dict[str, tuple[Connected, ...]] = {}

    def all(self, installation_id: str) -> tuple[Connected, ...]:
        """Give every connection of an installation, the oldest first."""
        generation = self._generations.get(CONNECTIONS)
        with self._lock:
            if generation != self._seen:
                self._known, self._seen = {}, generation
            known = self._known
        if installation_id not in known:
            # A dictionary that was replaced meanwhile takes what is old with it.
            known[installation_id] = self._read(installation_id)
        return known[installation_id]

    def find(self, installation_id: str, connection_id: str) -> Connected | None:
        """Give one connection of an installation, whether it is active or not."""
        return next((one for one in self.all(installation_id) if one.id == connection_id), None)

    def usual(
        self,
        installation_id: str,
        user_id: str | None = None,
        environments: Sequence[str] = ENVIRONMENTS,
    ) -> Connected | None:
        """Give the one to use where nobody has chosen: a live one, if there is any.

        The user's own come before the workspace's, and older ones before younger.
        """
        active = [one for one in self.all(installation_id) if one.active]
        owners = (user_id, None) if user_id is not None else (None,)
        return next(
            (
                one
                for environment in environments
                for owner in owners
                for one in active
                if one.owner_id == owner and one.environment == environment
            ),
            None,
        )

    def _read(self, installation_id: str) -> tuple[Connected, ...]:
        with self._works.across_workspaces("connections: of an installation") as work:
            rows = work.session.scalars(
                select(Connection)
                .where(Connection.installation_id == installation_id)
                .order_by(Connection.created_at, Connection.id)
            )
            return tuple(connected(row) for row in rows)
