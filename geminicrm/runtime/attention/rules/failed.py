"""Extensions that could not be loaded, or whose process ended again and again."""

from collections.abc import Iterator

from geminicrm.runtime.attention.look import Look, Seen
from geminicrm.runtime.attention.problem import Problem

_LINES = 3


def find(look: Look) -> Iterator[Problem]:
    """Tell why, with the last lines of the log."""
    for one in look.installed:
        if one.row.status == "failed":
            yield _problem(look, one)


def _problem(look: Look, one: Seen) -> Problem:
    crashed = not one.row.enabled
    error = (one.row.error or "").partition("\n")[0] or "Nothing more is known."
    lines = [line["message"] for line in look.senses.log(one.row.id)][-_LINES:]
    said = f" Its log says: {' / '.join(map(str, lines))}" if lines else ""
    return Problem(
        code="crash_loop" if crashed else "failed",
        severity="danger",
        extension_id=one.id,
        title=f"{one.name} was switched off" if crashed else f"{one.name} can't be loaded",
        detail=f"{error}{said}",
        fix_label="Switch it on again" if crashed else "Try again",
        fix_url=f"{one.place}/enable",
        fix_method="POST",
    )
