"""Warnings of registries about versions in use: known holes, and orders to stop."""

from collections.abc import Iterator

from geminicrm.runtime.attention.look import Look
from geminicrm.runtime.attention.notices import Notice, better_place
from geminicrm.runtime.attention.problem import Problem

_GRAVE = frozenset({"high", "critical"})


def find(look: Look) -> Iterator[Problem]:
    """Tell what is known; the grave ones first come from how grave they are."""
    for notice in look.notices:
        if notice.kind == "kill":
            yield _killed(notice)
        elif notice.kind == "advisory":
            yield _advised(notice)


def _killed(notice: Notice) -> Problem:
    return Problem(
        code="killed",
        severity="danger",
        extension_id=notice.extension_id,
        title=notice.title,
        detail=notice.detail,
        fix_label="Uninstall it",
        fix_url=f"/installed/{notice.extension_id}/uninstall",
    )


def _advised(notice: Notice) -> Problem:
    return Problem(
        code="advisory",
        severity="danger" if notice.severity in _GRAVE else "warning",
        extension_id=notice.extension_id,
        title=notice.title,
        detail=notice.detail,
        fix_label=f"Look at {notice.fixed_in}" if notice.fixed_in else "Read it",
        fix_url=better_place(notice),
    )
