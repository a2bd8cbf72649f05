"""Taking away what a killed run has made of a version that nobody has yet."""

from geminicrm.runtime.install.drafting import Draft
from geminicrm.runtime.install.files import clear, held, take_away
from geminicrm.runtime.install.users import is_used
from geminicrm.runtime.recovery.case import Case
from geminicrm.runtime.removal import hand_documents, out_of_reach
from geminicrm.runtime.storage import forget_documents


def undo_install(case: Case) -> None:
    """Leave nothing of an install: what `install()` did, host, documents, files, log."""
    draft, wrong = case.draft(), None
    if draft is not None:
        if case.facts.get("installing") and not case.superseded(draft):
            wrong = case.run_uninstall(draft)
        undo_version(case, draft)
        if case.facts.get("documents") == 0 and not case.superseded(draft):
            _forget_documents(case, draft)
        case.tools.logs.remove(draft.installation_id)
    case.entry.undone(f"{case.why} Nothing of it is left{f', but {wrong}' if wrong else ''}.")


def undo_restore(case: Case) -> None:
    """Leave a removed installation as removed as it was, its purged documents out of reach."""
    draft, wrong = case.draft(), None
    if draft is not None:
        if case.facts.get("installing"):
            wrong = case.run_uninstall(draft)
        case.tools.runner.unload(draft)
        _put_back_documents(case, draft)
    case.entry.undone(f"{case.why} It stays removed{f', but {wrong}' if wrong else ''}.")


def undo_staged(case: Case) -> None:
    """Take away the other version of an installation, which has kept the one it had."""
    draft = case.draft()
    if draft is not None:
        undo_version(case, draft)
    case.entry.undone(f"{case.why} The version before was not touched.")


def undo_version(case: Case, draft: Draft) -> None:
    """End the draft's host; take away its files unless somebody uses them, or is about to."""
    tools = case.tools
    tools.runner.unload(draft)
    with held(tools.packages) as hold:
        if not hold.alone():
            return  # whoever installs now may need them; the collector finds what is left
        clear(tools.packages)
        if is_used(tools.works, draft.digest):
            return
        tools.requirements.withdraw(draft)
        if case.facts.get("folder_made") and draft.folder.is_dir():
            take_away(draft.folder)


def _put_back_documents(case: Case, draft: Draft) -> None:
    with case.tools.works.write(case.actor) as work:
        case.lease.confirm(work)
        if case.facts["data"] == "purge":
            hand_documents(work, draft.extension_id, out_of_reach(case.facts["removal"]))
        elif case.facts.get("documents") == 0:
            forget_documents(work, draft.extension_id)


def _forget_documents(case: Case, draft: Draft) -> None:
    with case.tools.works.write(case.actor) as work:
        case.lease.confirm(work)
        forget_documents(work, draft.extension_id)
