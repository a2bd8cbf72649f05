"""What admins are told about connections: one notification each, until it works again."""

from geminicrm.connections.models import Connection
from geminicrm.kernel.work import Work
from geminicrm.notifications.raising import Notice, raise_notice, resolve


def credentials_refused(work: Work, row: Connection, reason: str) -> None:
    """Tell that the service refuses the credentials of a connection."""
    raise_notice(
        work,
        Notice(
            workspace_id=row.workspace_id,
            kind="connection_failing",
            key=_key(row.id),
            severity="error",
            title=f"{row.name} refuses the credentials",
            body=f"Nothing can be asked of it until they are renewed. {reason}",
            link=f"/integrations/{row.id}",
        ),
    )


def settle(work: Work, workspace_id: str, connection_id: str) -> None:
    """Note that a connection works again, or is no more."""
    resolve(work, workspace_id, _key(connection_id))


def _key(connection_id: str) -> str:
    return f"connection:{connection_id}"
