"""Who else uses a version: asked before anything of it is taken away again."""

from sqlalchemy import select

from geminicrm.kernel.work import Works
from geminicrm.runtime.history.models import InstalledVersion, RemovedInstallation
from geminicrm.runtime.install.state import InstallState, Tools
from geminicrm.runtime.models import Installation


def used_elsewhere(state: InstallState, tools: Tools) -> bool:
    """Tell whether another installation has the version, or somebody installs just now."""
    if state.hold is None or not state.hold.alone():
        return True
    return is_used(tools.works, state.draft.digest)


def is_used(works: Works, digest: str) -> bool:
    """Tell whether any workspace has the version, or may go back to it."""
    with works.across_workspaces("is a package still used") as work:
        return any(
            work.session.scalar(select(kind.id).where(kind.digest == digest).limit(1)) is not None
            for kind in (Installation, RemovedInstallation, InstalledVersion)
        )
