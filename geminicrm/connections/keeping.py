"""What is kept of connections while the uninstall of their extension can be undone."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select

from geminicrm.connections.models import NEEDS_REAUTH, UNTESTED, Connection
from geminicrm.identity.people import is_member
from geminicrm.kernel.clock import format_instant, parse_instant
from geminicrm.kernel.crypto import Cipher
from geminicrm.kernel.db import UtcDateTime
from geminicrm.kernel.generation import CONNECTIONS, Generations
from geminicrm.kernel.work import Work

SECRETS: Final = "secrets"
_SIGN_IN_AGAIN: Final = "Its tokens were taken back when the extension was uninstalled: sign in."
# Tokens are revoked by then; states and pauses were of that time; the revision begins anew.
_OVER: Final = (
    *("tokens", "tokens_revision", "token_expires_at", "refresh_at", "refresh_owner"),
    *("refresh_until", "refresh_failures", "paused_until", "debug_until", "revision"),
)
_COLUMNS: Final = {one.key: one for one in Connection.__table__.columns if one.key not in _OVER}
_INSTANTS: Final = tuple(key for key, one in _COLUMNS.items() if isinstance(one.type, UtcDateTime))


def set_aside(work: Work, installation_id: str) -> list[dict[str, Any]]:
    """Give the connections of an installation as JSON holds them; secrets stay encrypted."""
    rows = work.session.scalars(
        select(Connection)
        .where(Connection.installation_id == installation_id)
        .order_by(Connection.created_at, Connection.id)
    )
    return [_facts_of(row) for row in rows]


def bring_back(
    work: Work,
    generations: Generations,
    kept: Sequence[Mapping[str, Any]],
    signing_in: Collection[str],
) -> int:
    """Store them again, less those of people who have left since; give how many there are.

    None has been tested since; the ways `signing_in` need a person to sign in again.
    """
    owners = {one["owner_id"] for one in kept} - {None}
    here = {one for one in owners if is_member(work, one)}
    rows = [_row_of(one, work.now, signing_in) for one in kept if one["owner_id"] in {None, *here}]
    work.session.add_all(rows)
    generations.bump(work, CONNECTIONS)
    return len(rows)


def rotated(kept: Sequence[Mapping[str, Any]], cipher: Cipher) -> list[dict[str, Any]]:
    """Give them with their secrets under the first key. Raises DecryptionFailed."""
    return [
        {**one, SECRETS: cipher.rotate(one[SECRETS]) if one[SECRETS] is not None else None}
        for one in kept
    ]


def _facts_of(row: Connection) -> dict[str, Any]:
    facts = {name: getattr(row, name) for name in _COLUMNS}
    return {
        name: format_instant(value) if isinstance(value, datetime) else value
        for name, value in facts.items()
    }


def _row_of(facts: Mapping[str, Any], now: datetime, signing_in: Collection[str]) -> Connection:
    told = {name: one for name, one in facts.items() if name in _COLUMNS}
    for name in _INSTANTS:
        told[name] = parse_instant(told[name]) if told.get(name) is not None else None
    lost = told["way"] in signing_in
    told |= {
        "status": NEEDS_REAUTH if lost else UNTESTED,
        "last_error": _SIGN_IN_AGAIN if lost else None,
        "last_error_code": None,
        "last_error_at": now if lost else None,
        "updated_at": now,
    }
    return Connection(**told)
