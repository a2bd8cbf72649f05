"""Extensions that were put aside because their registry took them back."""

from collections.abc import Iterator

from geminicrm.runtime.attention.look import Look
from geminicrm.runtime.attention.problem import Problem


def find(look: Look) -> Iterator[Problem]:
    """Tell why; what is left to do is to remove it."""
    for one in look.installed:
        if one.row.status == "quarantined":
            yield Problem(
                code="quarantined",
                severity="danger",
                extension_id=one.id,
                title=f"{one.name} was stopped",
                detail=one.row.error or "Its registry has withdrawn this version as dangerous.",
                fix_label="Uninstall it",
                fix_url=f"{one.place}/uninstall",
            )
