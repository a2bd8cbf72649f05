"""What admins are told of when a connection has lost its sign-in."""

from geminicrm.connections.models import Connection
from geminicrm.connections.oauth.problems import GrantRefused
from geminicrm.kernel.work import Work
from geminicrm.notifications.raising import Notice, raise_notice, resolve


def page_of(connection_id: str) -> str:
    """Give the path of a connection's page."""
    return f"/integrations/{connection_id}"


def needs_reauth(work: Work, row: Connection, error: GrantRefused) -> None:
    """Tell that a connection waits for a person."""
    raise_notice(
        work,
        Notice(
            workspace_id=row.workspace_id,
            kind="connection_needs_reauth",
            key=_key(row.id),
            severity="error",
            title=f"{row.name} has to be connected again",
            body=f"The service gives no access any more ({error}). {error.mend}",
            link=page_of(row.id),
        ),
    )


def signed_in(work: Work, workspace_id: str, connection_id: str) -> None:
    """Note that it has access again, or is no more."""
    resolve(work, workspace_id, _key(connection_id))


def _key(connection_id: str) -> str:
    return f"connection:{connection_id}"
