"""Updates that wait for somebody to agree to what they may do more."""

from collections.abc import Iterator

from geminicrm.runtime.attention.look import Look
from geminicrm.runtime.attention.problem import Problem


def find(look: Look) -> Iterator[Problem]:
    """Point to the page that shows the difference."""
    for update in look.updates:
        if not update["needs_consent"] or update.get("held_back"):
            continue
        extension_id, latest = update["extension_id"], update["latest"]
        yield Problem(
            code="update_waits",
            severity="info",
            extension_id=extension_id,
            title=f"{update['name']} {latest} waits for your consent",
            detail=f"{latest} may do more than {update['version']}, which runs on meanwhile.",
            fix_label="See the difference",
            fix_url=f"/installed/{extension_id}/upgrade?version={latest}",
        )
