"""What a host has to show before anybody may use it: its locks are on, and were tried."""

from typing import Final

from geminicrm.runtime.host.control import HostSpec, Locked

MANDATORY: Final = ("rlimits", "capabilities", "parent", "landlock", "seccomp")
PROOFS: Final[dict[str, tuple[str, ...]]] = {
    "landlock": ("read the canary",),
    "seccomp": (
        "open an inet socket",
        "open a unix socket",
        "fork",
        "run a program",
        "signal the parent",
        "trace the parent",
    ),
}
"""Forbidden actions that must have been refused, by the layer that stops them."""


def lacking(spec: HostSpec, report: Locked) -> str:
    """Say which lock or proof a report lacks; nothing for one that has them all."""
    if not spec.locked:
        return ""
    wanted = [layer for layer in MANDATORY if layer not in spec.without]
    for layer in wanted:
        level = report.level.get(layer, "not reported")
        if not _is_on(level):
            return f"{layer} is {level}"
        missing = [proof for proof in PROOFS.get(layer, ()) if proof not in report.proofs]
        if missing:
            return f"{layer} was not proven: {', '.join(missing)}"
    return ""


def _is_on(level: str) -> bool:
    return level == "on" or level.startswith("on ")
