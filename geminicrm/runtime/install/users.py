"""Who else uses a version: asked before anything of it is taken away again."""

from sqlalchemy import select

from geminicrm.runtime.install.state import InstallState, Tools
from geminicrm.runtime.models import Installation


def used_elsewhere(state: InstallState, tools: Tools) -> bool:
    """Tell whether another installation has the version, or somebody installs just now."""
    if state.hold is None or not state.hold.alone():
        return True
    with tools.works.across_workspaces("is a package still used") as work:
        used = work.session.scalar(
            select(Installation.id).where(Installation.digest == state.draft.digest).limit(1)
        )
    return used is not None
