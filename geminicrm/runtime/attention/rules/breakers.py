"""Calls that are left out for a while because they failed several times in a row."""

from collections.abc import Iterator

from geminicrm.runtime.attention.look import Look
from geminicrm.runtime.attention.problem import Problem


def find(look: Look) -> Iterator[Problem]:
    """Name the kinds of call that this process leaves out now, with the last failure."""
    for one in look.installed:
        paused = [each for each in look.senses.troubles(one.row.id) if each.paused]
        if paused:
            last = max(paused, key=lambda each: each.at)
            where = f" at {last.where}" if last.where else ""
            yield Problem(
                code="paused",
                severity="warning",
                extension_id=one.id,
                title=f"{one.name} fails again and again",
                detail=f"Left out for a while: {', '.join(sorted(each.kind for each in paused))}. "
                f"The last failure{where}: {last.reason}",
                fix_label="See its log",
                fix_url=f"{one.place}/log",
            )
