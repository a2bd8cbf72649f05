"""Installations whose stored manifest can't be read."""

from collections.abc import Iterator

from geminicrm.runtime.attention.look import Look
from geminicrm.runtime.attention.problem import Problem


def find(look: Look) -> Iterator[Problem]:
    """Offer to remove it: nothing of it can run."""
    for one in look.installed:
        if one.manifest is None:
            yield Problem(
                code="unreadable_manifest",
                severity="danger",
                extension_id=one.id,
                title=f"What {one.id} is can't be read",
                detail="The manifest that was stored when it was installed is damaged, so nothing "
                "of it runs. Uninstall it, then install it again; its documents are kept.",
                fix_label="Uninstall it",
                fix_url=f"{one.place}/uninstall",
            )
