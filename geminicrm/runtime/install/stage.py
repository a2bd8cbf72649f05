"""Stage: put the files where every worker will load them from."""

import shutil
from dataclasses import replace

from geminicrm.kernel.ids import new_id
from geminicrm.runtime.install.files import place_tree, same_tree
from geminicrm.runtime.install.state import Draft, InstallState, Refused, Tools
from geminicrm.runtime.install.users import used_elsewhere


def do(state: InstallState, tools: Tools) -> InstallState:
    """Write the folder of this digest, or use the one that is there after a check."""
    folder = tools.packages / state.ref.hex_digest
    made = not folder.exists()
    if made:
        place_tree(folder, state.files)
    elif not same_tree(folder, state.files):
        raise Refused(
            f"The folder {folder} exists and does not hold what the package holds. Somebody "
            "changed it; remove it, then install again."
        )
    draft = Draft(
        installation_id=new_id("inst"),
        workspace_id=state.order.actor.workspace_id,
        extension_id=state.ref.extension_id,
        version=state.ref.version,
        digest=f"sha256:{state.ref.hex_digest}",
        manifest=state.manifest,
        folder=folder,
        granted=state.agreed.granted,
        settings=state.agreed.settings,
        trusted=state.agreed.trusted,
        built_in=state.ref.built_in,
    )
    return replace(state, draft_made=draft, folder_made=made)


def undo(state: InstallState, tools: Tools) -> None:
    """Take the folder away again, unless somebody else uses it or is about to."""
    if state.folder_made and not used_elsewhere(state, tools):
        shutil.rmtree(state.draft.folder)
