"""What others tell of installed extensions: advisories, yanked versions, updates, registries.

The runtime knows none of the rooms that these come from; app.py hands in functions.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from geminicrm.kernel.work import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What a registry says of a version that is installed in the actor's workspace.

    `kind` is advisory, kill or yanked; `severity` that of an advisory: low, moderate, high or
    critical. `fixed_in` names the first version that is not affected, where there is one; `url` is
    a page of ours that tells more.
    """

    kind: Literal["advisory", "kill", "yanked"]
    extension_id: str
    version: str
    title: str
    detail: str
    severity: str = "high"
    fixed_in: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryTrouble:
    """What is wrong with a registry that somebody has added, and the page to mend it on.

    `kind` is unreachable, or key_changed where what it says is not signed as pinned.
    """

    kind: Literal["unreachable", "key_changed"]
    registry_id: str
    name: str
    detail: str
    url: str = "/operations/registries"


Notices = Callable[[Actor], Sequence[Notice]]
"""Gives what concerns the versions that are installed in the actor's workspace now."""

Available = Callable[[Actor], Sequence[Mapping[str, Any]]]
"""Gives updates as `life.upgrades.available` does: extension_id, name, version, latest,
needs_consent."""

RegistryTroubles = Callable[[Actor], Sequence[RegistryTrouble]]
"""Gives what is wrong with registries that the actor's workspace uses."""


def better_place(notice: Notice) -> str:
    """Give the page to go to: of the version that mends it, else of what is known about it."""
    if notice.fixed_in is not None:
        return f"/installed/{notice.extension_id}/upgrade?version={notice.fixed_in}"
    return notice.url or f"/marketplace/{notice.extension_id}"


def nothing(_actor: Actor) -> tuple[()]:
    """Tell of nothing: stands where a room is not there."""
    return ()
