"""Credentials that are old: admins are told once for each connection, until they are renewed."""

from datetime import timedelta
from typing import Final

from sqlalchemy import select

from geminicrm.connections.models import Connection
from geminicrm.kernel.work import Work
from geminicrm.notifications.raising import Notice, open_keys, raise_notice, resolve

OLD_DAYS: Final = 90
KIND: Final = "credentials_old"
_PREFIX: Final = "connection-age:"


def remind(work: Work) -> int:
    """Tell of what has become old in all workspaces, and no more of what has not; give how many."""
    aged = work.session.scalars(
        select(Connection).where(
            Connection.secrets.is_not(None),
            Connection.active,
            Connection.secrets_at <= work.now - timedelta(days=OLD_DAYS),
        )
    )
    old = {(row.workspace_id, _key(row.id)): row for row in aged}
    told = open_keys(work, KIND)
    for place in sorted(told - old.keys()):
        resolve(work, *place)
    new = sorted(old.keys() - told)
    for place in new:
        _tell(work, old[place])
    return len(new)


def renewed(work: Work, workspace_id: str, connection_id: str) -> None:
    """Note that the credentials are new, or gone."""
    resolve(work, workspace_id, _key(connection_id))


def _tell(work: Work, row: Connection) -> None:
    raise_notice(
        work,
        Notice(
            workspace_id=row.workspace_id,
            kind=KIND,
            key=_key(row.id),
            severity="warning",
            title=f"The credentials of {row.name} are more than {OLD_DAYS} days old",
            body="Make new ones at the service, enter them on the page of the connection, test it, "
            "and take the old ones back at the service.",
            link=f"/integrations/{row.id}",
        ),
    )


def _key(connection_id: str) -> str:
    return f"{_PREFIX}{connection_id}"
