"""Who keeps an extension to what it was granted, and the one sentence for each answer."""

from typing import Any, Final, Literal

from typing_extensions import TypedDict

Isolation = Literal["in-process", "sandboxed", "unsandboxed"]
EnforcedBy = Literal["system", "core", "nobody"]


class Enforcement(TypedDict):
    """Who enforces one thing, and what that means for it, in a sentence."""

    what: str
    enforced_by: EnforcedBy
    sentence: str


ISOLATION_WORDS: Final[dict[str, str]] = {
    "in-process": "Part of the CRM: it runs inside the CRM's own process.",
    "sandboxed": "It runs in a process of its own that the operating system has locked: no "
    "network, no other files, no other programs.",
    "unsandboxed": "An admin trusted it: it runs as a plain process with the rights of the "
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
TRUST_WORDS: Final = (
    "Trusted means: it runs as a plain process with the rights of the server. It can read the "
    "database and every file that the server can read, call any address and start programs. "
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


def layers(level: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Give a host's locks layer by layer: name, whether it holds, and what was said of it."""
    return [
        {"layer": name, "on": str(found).startswith("on"), "said": str(found)}
        for name, found in (level or {}).items()
    ]
