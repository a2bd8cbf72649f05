"""Going through with what a killed run had decided to do before it acted."""

from geminicrm.runtime.problems import NotInstalled, StillNeeded
from geminicrm.runtime.recovery.case import Case
from geminicrm.runtime.removal import Uninstall


def finish_uninstall(case: Case) -> None:
    """Remove what somebody wanted removed; its services and `uninstall()` may be told twice."""
    uninstall = Uninstall(
        tools=case.tools,
        vault=case.vault,
        actor=case.actor,
        entry=case.entry,
        lease=case.lease,
        extension_id=case.run.extension_id,
        data="purge" if case.facts["data"] == "purge" else "keep",
        removed_by=case.run.actor_label,
    )
    try:
        uninstall.remove(case.run_uninstall(uninstall.draft(), leaving=True))
    except NotInstalled:
        case.entry.undone(f"{case.why} It is not installed any more.")
    except StillNeeded as error:
        case.entry.undone(f"{case.why} {error}")
