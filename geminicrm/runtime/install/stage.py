"""Stage: put the files where every worker will load them from."""

from dataclasses import replace

from geminicrm.kernel.ids import new_id
from geminicrm.runtime.install.draft_facts import facts_of
from geminicrm.runtime.install.drafting import Draft
from geminicrm.runtime.install.files import place_tree, same_tree, take_away
from geminicrm.runtime.install.state import InstallState, Refused, Tools
from geminicrm.runtime.install.users import used_elsewhere


def do(state: InstallState, tools: Tools) -> InstallState:
    """Write the folder of this digest, or use the one that is there after a check."""
    if not state.recalled:
        tools.keep(state.content)  # first: other machines look for it as soon as the row is there
    folder = tools.packages / state.ref.hex_digest
    made = not folder.exists()
    present = state.course.present
    draft = Draft(
        installation_id=present.installation_id if present else new_id("inst"),
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
        registry_id=state.ref.registry_id,
        publisher_id=state.ref.publisher_id,
        signed_by=state.ref.signature.key_id if state.ref.signature and state.ref.signed else None,
    )
    state.entry.note(draft=facts_of(draft, tools.seal), folder_made=made)
    if made:
        place_tree(folder, state.files)
    elif not state.recalled and not same_tree(folder, state.files):
        raise Refused(
            f"The folder {folder} exists and does not hold what the package holds. Somebody "
            "changed it; remove it, then install again."
        )
    return replace(state, draft_made=draft, folder_made=made)


def undo(state: InstallState, tools: Tools) -> None:
    """Take the folder away again, unless somebody else uses it or is about to."""
    if state.folder_made and not used_elsewhere(state, tools):
        take_away(state.draft.folder)
