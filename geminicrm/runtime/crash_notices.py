"""What admins are told of an installation that keeps crashing, and when that is over."""

from geminicrm.kernel.work import Work
from geminicrm.notifications.raising import Notice, raise_notice, resolve
from geminicrm.runtime.models import Installation


def tell(work: Work, row: Installation, reason: str) -> None:
    """Tell the admins of its workspace that it was switched off."""
    raise_notice(
        work,
        Notice(
            workspace_id=row.workspace_id,
            kind="crash_loop",
            key=_key(row),
            severity="error",
            title=f"{row.manifest.get('name', row.extension_id)} was switched off",
            body=f"Its process ended again and again: {reason}. Look at its log, then switch it "
            "on again, upgrade it or go back to the version before.",
            link=f"/installed/{row.extension_id}",
        ),
    )


def settle(work: Work, row: Installation) -> None:
    """Note that it runs again, in whichever version, or was switched off or taken away by hand."""
    resolve(work, row.workspace_id, _key(row))


def _key(row: Installation) -> str:
    return f"crash_loop:{row.id}"
