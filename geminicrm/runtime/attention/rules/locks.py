"""Processes of extensions that are locked less than when they were installed, or not at all."""

from collections.abc import Iterator

from geminicrm.runtime.attention.look import Look, Seen
from geminicrm.runtime.attention.problem import Problem
from geminicrm.runtime.enforcement import LAYER_WORDS


def find(look: Look) -> Iterator[Problem]:
    """Name the locks that are off and were on, or that this machine has none."""
    for one in look.installed:
        if one.row.built_in or one.row.trusted or not one.row.enabled:
            continue
        if not look.confines:
            yield _none(one)
            continue
        lost = _lost(one)
        if lost:
            yield _fewer(one, lost)


def _lost(one: Seen) -> list[str]:
    then = one.current.level if one.current is not None else None
    now = one.row.level
    if then is None or now is None:
        return []
    return [
        LAYER_WORDS.get(layer, (layer, ""))[0]
        for layer, said in sorted(then.items())
        if str(said).startswith("on") and not str(now.get(layer, "")).startswith("on")
    ]


def _none(one: Seen) -> Problem:
    return Problem(
        code="locks_missing",
        severity="danger",
        extension_id=one.id,
        title=f"{one.name} can't be locked up here",
        detail="This machine has no locks for processes (Landlock and seccomp), so it does not run "
        "here. Use a newer kernel, or trust it in so many words.",
        fix_label="Look at its locks",
        fix_url=one.place,
    )


def _fewer(one: Seen, lost: list[str]) -> Problem:
    return Problem(
        code="locks_fewer",
        severity="warning",
        extension_id=one.id,
        title=f"{one.name} is locked up less than when it was installed",
        detail=f"These locks were on then and are off now: {', '.join(lost)}.",
        fix_label="Look at its locks",
        fix_url=one.place,
    )
