"""Registries that do not answer, or whose key is not the one that was pinned."""

from collections.abc import Iterator

from geminicrm.runtime.attention.look import Look
from geminicrm.runtime.attention.problem import Problem


def find(look: Look) -> Iterator[Problem]:
    """Name each; only an operator can mend it."""
    for one in look.registries:
        changed = one.kind == "key_changed"
        yield Problem(
            code=f"registry_{one.kind}",
            severity="danger" if changed else "warning",
            extension_id=None,
            title=f"The registry {one.name} is not believed" if changed else f"{one.name} is away",
            detail=one.detail,
            fix_label="Look at the registries" if look.operates else None,
            fix_url=one.url if look.operates else None,
        )
