"""Tokens in the rows of connections: the lease of who renews, and what became of it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import case, or_, select, update

from geminicrm.connections.models import CONNECTED, FAILING, NEEDS_REAUTH, UNTESTED, Connection
from geminicrm.connections.oauth import notices
from geminicrm.connections.oauth.problems import GrantRefused, ProviderAway
from geminicrm.connections.oauth.token import Granted, Token, missing, opened, sealed
from geminicrm.connections.ways import Authentication
from geminicrm.identity.actor import SystemActor
from geminicrm.kernel.generation import CONNECTIONS, Generations
from geminicrm.kernel.owners import is_dead, own_name
from geminicrm.kernel.texts import storable
from geminicrm.kernel.vault import Vault
from geminicrm.kernel.work import Work, Works

LEASE_SECONDS: Final = 30
"""How long one process may take to renew; longer than a service may take to answer."""
_APART_SECONDS: Final = 30
"""So far clocks may be apart: of machines, or one read before and after a wait for the row."""
_FIRST_SECONDS: Final = 5
_LONGEST_SECONDS: Final = 3600
_MOST_DOUBLINGS: Final = 10
_MOST_DETAIL: Final = 500
_AWAY: Final = "token_unavailable"
_FREE: Final[Mapping[str, Any]] = {"refresh_owner": None, "refresh_until": None}
_WELL: Final[Mapping[str, Any]] = {
    **_FREE,
    "refresh_failures": 0,
    "last_error": None,
    "last_error_code": None,
    "last_error_at": None,
}


class TokenRows:
    """Reads and writes the columns of tokens; a change by a person is never overwritten.

    Each change names the `tokens_revision` that it is about: of two who have renewed the same
    token, only the first one's is kept. A `guest` has not the server's environment: what fails
    there is not written down.
    """

    def __init__(
        self, works: Works, generations: Generations, vault: Vault, *, guest: bool = False
    ) -> None:
        self.works = works
        self._guest = guest
        self._generations = generations
        self._vault = vault

    def token(self, tokens: str | None) -> Token | None:
        """Decrypt the tokens of a row. Raises DecryptionFailed."""
        return opened(self._vault, tokens)

    def read(self, workspace_id: str, connection_id: str) -> Connection | None:
        """Give the row as it is now; None where it is gone."""
        with self.works.read(SystemActor(workspace_id)) as work:
            return work.session.get(Connection, connection_id)

    def take(self, row: Connection) -> bool:
        """Become the one who renews; False where somebody else is, or has done it.

        Who was killed on this machine is followed at once, who can't be seen when the lease is
        over. A lease that ends later than any can was written by a clock that has been set back.
        """
        with self.works.write(SystemActor(row.workspace_id)) as work:
            until = work.now + timedelta(seconds=LEASE_SECONDS)
            latest = until + timedelta(seconds=_APART_SECONDS)
            free = or_(
                Connection.refresh_owner.is_(None),
                Connection.refresh_until <= work.now,
                Connection.refresh_until > latest,
                Connection.refresh_owner == _gone(row),
            )
            return _change(work, row, free, refresh_owner=own_name(), refresh_until=until)

    def free(self, row: Connection) -> None:
        """Let somebody else renew."""
        with self.works.write(SystemActor(row.workspace_id)) as work:
            _change(work, row, Connection.refresh_owner == own_name(), **_FREE)

    def store(self, row: Connection, way: Authentication, given: Granted) -> bool:
        """Keep a renewed token; False where the row has another one by now, which stays."""
        lost = or_(Connection.status == NEEDS_REAUTH, Connection.last_error_code == _AWAY)
        values = {"status": case((lost, CONNECTED), else_=Connection.status)}
        with self.works.write(SystemActor(row.workspace_id)) as work:
            return self._keep(work, row, way, given, values)

    def sign_in(self, work: Work, row: Connection, way: Authentication, given: Granted) -> bool:
        """Keep the token of a person's sign-in."""
        return self._keep(work, row, way, given, {"status": CONNECTED, "active": True})

    def postpone(self, row: Connection, error: ProviderAway) -> None:
        """Note that the service gave nothing, and when to ask again; the token stays."""
        if self._guest:
            self.free(row)
            return
        pause = min(
            _FIRST_SECONDS * 2 ** min(row.refresh_failures, _MOST_DOUBLINGS), _LONGEST_SECONDS
        )
        with self.works.write(SystemActor(row.workspace_id)) as work:
            over = row.tokens is None or _past(row.token_expires_at, work.now)
            values = {
                **_FREE,
                "refresh_failures": row.refresh_failures + 1,
                "refresh_at": work.now + timedelta(seconds=max(pause, error.retry_after)),
                "last_error": storable(str(error), _MOST_DETAIL),
                "last_error_code": _AWAY,
                "last_error_at": work.now,
                "status": FAILING if over else row.status,
            }
            if _change(work, row, **values):
                self._generations.bump(work, CONNECTIONS)

    def refuse(self, row: Connection, error: GrantRefused) -> None:
        """Note that only a person can help, and tell once."""
        if self._guest:
            self.free(row)
            return
        with self.works.write(SystemActor(row.workspace_id)) as work:
            values = {
                **_FREE,
                "status": NEEDS_REAUTH,
                "refresh_at": None,
                "last_error": storable(str(error), _MOST_DETAIL),
                "last_error_code": storable(error.code, 40),
                "last_error_at": work.now,
            }
            if _change(work, row, **values):
                if row.status != NEEDS_REAUTH:
                    notices.needs_reauth(work, row, error)
                    work.audit("connection.needs_reauth", row.id, {"reason": error.code})
                self._generations.bump(work, CONNECTIONS)

    def forget(self, workspace_id: str, connection_id: str) -> None:
        """Delete the tokens of a connection, whatever is done with them at the moment."""
        with self.works.write(SystemActor(workspace_id)) as work:
            row = work.session.get(Connection, connection_id, with_for_update=True)
            if row is None:
                return
            values = {
                **_WELL,
                "tokens": None,
                "tokens_revision": row.tokens_revision + 1,
                "token_expires_at": None,
                "refresh_at": None,
                "status": UNTESTED,
                "scopes": [],
                "missing_scopes": [],
            }
            _change(work, row, **values)
            notices.signed_in(work, workspace_id, connection_id)
            self._generations.bump(work, CONNECTIONS)

    def due(self) -> list[tuple[str, str]]:
        """Name the connections whose tokens are to be renewed now: workspace and id."""
        with self.works.across_workspaces("connections: tokens that end soon") as work:
            rows = work.session.execute(
                select(Connection.workspace_id, Connection.id)
                .where(
                    Connection.refresh_at <= work.now,
                    Connection.status != NEEDS_REAUTH,
                    Connection.active.is_(True),
                )
                .order_by(Connection.refresh_at)
            )
            return [(row.workspace_id, row.id) for row in rows]

    def _keep(
        self,
        work: Work,
        row: Connection,
        way: Authentication,
        given: Granted,
        values: Mapping[str, Any],
    ) -> bool:
        kept = _change(
            work,
            row,
            **{
                **_WELL,
                **values,
                "tokens": sealed(self._vault, given.token),
                "tokens_revision": row.tokens_revision + 1,
                "token_expires_at": given.expires_at,
                "refresh_at": given.refresh_at,
                "scopes": list(given.scopes or way.scopes),
                "missing_scopes": missing(way.scopes, given),
            },
        )
        if kept:
            notices.signed_in(work, row.workspace_id, row.id)
            self._generations.bump(work, CONNECTIONS)
        return kept


def _change(work: Work, row: Connection, *conditions: Any, **values: Any) -> bool:
    """Change a row whose token is still the one that was read; tell whether it was.

    Past the mapper: its `revision` counts the changes that people make.
    """
    found = work.session.execute(
        update(Connection)
        .where(
            Connection.id == row.id,
            Connection.tokens_revision == row.tokens_revision,
            *conditions,
        )
        .values(values)
        .execution_options(synchronize_session=False)
    )
    return bool(found.rowcount)  # type: ignore[attr-defined]  # the stubs know no rows of an update


def _gone(row: Connection) -> str | None:
    owner = row.refresh_owner
    return owner if owner is not None and is_dead(owner) else None


def _past(instant: datetime | None, now: datetime) -> bool:
    return instant is not None and instant <= now
