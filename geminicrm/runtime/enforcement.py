"""Who keeps an extension to what it was granted, and the one sentence for each answer."""

from collections.abc import Mapping
from typing import Any, Final, Literal

from typing_extensions import TypedDict

Isolation = Literal["in-process", "sandboxed", "unsandboxed"]
EnforcedBy = Literal["system", "core", "nobody"]


class Enforcement(TypedDict):
    """Who enforces one thing, and what that means for it, in a sentence."""

    what: str
    enforced_by: EnforcedBy
    sentence: str


class Layer(TypedDict):
    """One lock of a host: whether it holds; `detail` says which version, or why it does not."""

    layer: str
    title: str
    stops: str
    on: bool
    detail: str


ISOLATION_WORDS: Final[dict[str, str]] = {
    "in-process": "Part of the CRM: it runs inside the CRM's own process.",
    "sandboxed": "It runs in a process of its own that the operating system has locked: no "
    "network, no other files, no other programs.",
    "unsandboxed": "Trusted by an admin: it runs as a plain process with the rights of the "
    "server, and nothing confines it.",
}
ENFORCED_WORDS: Final[dict[str, str]] = {
    "system": "The operating system leaves this code no way but calls that the core checks.",
    "core": "The core checks every call that this code makes through the SDK; as part of the CRM "
    "it is expected to make no others.",
    "nobody": "The core checks the calls that this code makes through the SDK, but nothing stops "
    "it from going around them.",
}
OUTSIDE_WORDS: Final[dict[str, str]] = {
    "in-process": "As part of the CRM it can reach whatever the CRM can.",
    "sandboxed": "The operating system refuses it all but its own code and Python's.",
    "unsandboxed": "It can reach whatever the server can: the database, keys and files too.",
}
LAYER_WORDS: Final[dict[str, tuple[str, str]]] = {
    "landlock": ("Landlock", "Reading other files, writing any."),
    "seccomp": ("System call filter", "Network, programs, other processes' memory."),
    "rlimits": ("Limits", "Using up memory, threads, open files."),
    "capabilities": ("No capabilities", "What an administrator may do without asking."),
    "uid": ("A user of its own", "Whatever else the server's user owns."),
    "parent": ("Ends with its parent", "Outliving the server."),
    "cgroup": ("Control group", "More than its share of the machine."),
}
TRUST_WORDS: Final = (
    "Trusted means: it runs as a plain process with the rights of the server. It can read the "
    "database, other workspaces included, and every file that the server can read, call any "
    "address and start programs. "
    "Nobody enforces its permissions any more."
)


def isolation(*, built_in: bool, trusted: bool) -> Isolation:
    """Name what keeps the code from the rest of the server."""
    if built_in:
        return "in-process"
    return "unsandboxed" if trusted else "sandboxed"


def enforced_by(isolation: str) -> EnforcedBy:
    """Tell who enforces permissions and hosts; whatever is not known to be confined, nobody."""
    if isolation == "sandboxed":
        return "system"
    return "core" if isolation == "in-process" else "nobody"


def outside_enforced_by(isolation: str) -> EnforcedBy:
    """Tell who keeps the code from files, programs and other processes: the system, or nobody."""
    return "system" if isolation == "sandboxed" else "nobody"


def enforcements(isolation: str) -> list[Enforcement]:
    """Say it for permissions, for hosts, and for everything that no permission speaks of."""
    by = enforced_by(isolation)
    outside = OUTSIDE_WORDS.get(isolation, OUTSIDE_WORDS["unsandboxed"])
    return [
        {"what": "permissions", "enforced_by": by, "sentence": ENFORCED_WORDS[by]},
        {"what": "hosts", "enforced_by": by, "sentence": ENFORCED_WORDS[by]},
        {
            "what": "outside",
            "enforced_by": outside_enforced_by(isolation),
            "sentence": outside,
        },
    ]


def layers(level: Mapping[str, Any] | None) -> list[Layer]:
    """Give the locks of a host as it reported them, those that people know by a name first."""
    found = dict(level or {})
    order = [*(name for name in LAYER_WORDS if name in found), *(found.keys() - LAYER_WORDS)]
    return [_layer(name, str(found[name])) for name in order]


def _layer(name: str, said: str) -> Layer:
    state, _, detail = said.partition(" ") if said.startswith("on") else said.partition(": ")
    title, stops = LAYER_WORDS.get(name, (name, ""))
    return {
        "layer": name,
        "title": title,
        "stops": stops,
        "on": state == "on",
        "detail": detail.strip("()"),
    }
