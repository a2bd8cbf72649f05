"""Versions in use that their publisher has taken back."""

from collections.abc import Iterator

from geminicrm.runtime.attention.look import Look
from geminicrm.runtime.attention.notices import better_place
from geminicrm.runtime.attention.problem import Problem


def find(look: Look) -> Iterator[Problem]:
    """Point to the version that mends it, where there is one."""
    for notice in look.notices:
        if notice.kind != "yanked":
            continue
        better = notice.fixed_in
        yield Problem(
            code="yanked",
            severity="warning",
            extension_id=notice.extension_id,
            title=notice.title,
            detail=notice.detail,
            fix_label=f"Look at {better}" if better else "See what it is",
            fix_url=better_place(notice),
        )
