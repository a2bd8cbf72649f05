"""Versions that failed after an upgrade, so that the one before came back."""

from collections.abc import Iterator

from geminicrm.runtime.attention.look import Look
from geminicrm.runtime.attention.problem import Problem


def find(look: Look) -> Iterator[Problem]:
    """Tell which version was left and why, until the next change of version."""
    for one in look.installed:
        left = one.past[0] if one.past else None
        if left is not None and left.outcome == "returned":
            yield Problem(
                code="returned",
                severity="warning",
                extension_id=one.id,
                title=f"{one.name} returned from {left.version} to {one.row.version}",
                detail=left.reason or f"{left.version} failed while it was watched.",
                fix_label="See its versions",
                fix_url=f"{one.place}/versions",
            )
