"""What an extension may know of the workspace that it runs in."""

from extensions.sdk.context import WorkspaceInfo
from geminicrm.identity.models import Workspace
from geminicrm.kernel.work import Works


def workspace_info(works: Works, workspace_id: str) -> WorkspaceInfo:
    """Give name and habits of a workspace."""
    with works.across_workspaces("tell an extension where it is") as work:
        row = work.session.get_one(Workspace, workspace_id)
        return WorkspaceInfo(
            id=row.id,
            name=row.name,
            timezone=row.time_zone,
            currency=row.currency,
            locale=row.locale,
        )
