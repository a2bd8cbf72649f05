"""Safe mode itself: nothing runs while it is on."""

from collections.abc import Iterator

from geminicrm.runtime.attention.look import Look
from geminicrm.runtime.attention.problem import Problem


def find(look: Look) -> Iterator[Problem]:
    """Tell why it is on; an operator can leave it, unless the environment says so."""
    if not look.safe.on:
        return
    yield Problem(
        code="safe_mode",
        severity="danger",
        extension_id=None,
        title="Safe mode is on: no extension runs",
        detail=look.safe.reason or "Somebody turned it on.",
        fix_label="Look at safe mode" if look.operates else None,
        fix_url="/operations/safe-mode" if look.operates else None,
    )
