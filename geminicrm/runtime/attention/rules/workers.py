"""Workers that have not caught up, or could not load what is installed here."""

from collections.abc import Iterator

from geminicrm.runtime.attention.look import Look
from geminicrm.runtime.attention.problem import Problem

_PLACE = "/operations/workers"


def find(look: Look) -> Iterator[Problem]:
    """Tell of workers behind, and of installations of this workspace that some can't load."""
    label, url = ("Look at the workers", _PLACE) if look.operates else (None, None)
    for worker in look.behind:
        yield Problem(
            code="worker_behind",
            severity="warning",
            extension_id=None,
            title=f"A {worker.kind} process is behind",
            detail=f"Process {worker.pid} on {worker.machine} serves generation "
            f"{worker.generation}, and {look.generation} is the latest.",
            fix_label=label,
            fix_url=url,
        )
    for one in look.installed:
        found = {w.machine: w.not_loaded[one.row.id] for w in look.workers
                 if one.row.id in w.not_loaded}  # fmt: skip
        if found:
            told = "; ".join(f"{machine}: {reason}" for machine, reason in sorted(found.items()))
            yield Problem(
                code="not_loaded",
                severity="danger",
                extension_id=one.id,
                title=f"{one.name} does not run everywhere",
                detail=told,
                fix_label=label,
                fix_url=url,
            )
