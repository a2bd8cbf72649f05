"""Whether a process is locked up as far as code of strangers needs it."""

from collections.abc import Mapping

MANDATORY = ("landlock", "seccomp", "rlimits", "capabilities", "parent")


def lacking(level: Mapping[str, str]) -> tuple[str, ...]:
    """Name the locks that are not on, of those that must be."""
    return tuple(layer for layer in MANDATORY if not level.get(layer, "").startswith("on"))
