"""Extensions whose Python packages are not on this machine."""

from collections.abc import Iterator

from geminicrm.runtime.attention.look import Look
from geminicrm.runtime.attention.problem import Problem


def find(look: Look) -> Iterator[Problem]:
    """Offer to fetch them; the first call would try as well, and wait for it."""
    for one in look.installed:
        if one.manifest is None or not one.row.enabled:
            continue
        if look.senses.lacks_python(one.row, one.manifest):
            yield Problem(
                code="python_packages_missing",
                severity="warning",
                extension_id=one.id,
                title=f"Python packages of {one.name} are missing",
                detail="They are not on this machine. They are fetched when it is used next, which "
                "may take a while or fail.",
                fix_label="Fetch them now",
                fix_url=f"{one.place}/repair",
                fix_method="POST",
            )
