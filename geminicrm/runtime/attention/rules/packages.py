"""Packages whose folder on this machine is missing, or was changed after the install."""

from collections.abc import Iterator

from geminicrm.runtime.attention.look import Look
from geminicrm.runtime.attention.problem import Problem

_DETAILS = {
    "missing": "The folder of its package is not on this machine, so it does not run here.",
    "changed": "The files of its package on this machine are not those that were installed: "
    "somebody or a broken disk has changed them.",
}


def find(look: Look) -> Iterator[Problem]:
    """Offer to fetch it again by its digest."""
    for one in look.installed:
        state = look.senses.package(one.row)
        if state in _DETAILS:
            yield Problem(
                code=f"package_{state}",
                severity="danger",
                extension_id=one.id,
                title=f"The package of {one.name} is {'gone' if state == 'missing' else state}",
                detail=_DETAILS[state],
                fix_label="Fetch it again",
                fix_url=f"{one.place}/repair",
                fix_method="POST",
            )
