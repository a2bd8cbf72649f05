"""The states of a version and the ways between them."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from geminicrm.config import Review

PENDING: Final = "pending"
LISTED: Final = "listed"
REJECTED: Final = "rejected"
QUARANTINED: Final = "quarantined"
YANKED: Final = "yanked"

Decision = Literal["approve", "reject", "quarantine", "release", "yank", "unyank"]


@dataclass(frozen=True, slots=True)
class Way:
    """A decision: from which states, to which; `reasoned` ones need a reason."""

    sources: tuple[str, ...]
    target: str
    audit: str
    reasoned: bool


WAYS: Final[Mapping[Decision, Way]] = MappingProxyType(
    {
        "approve": Way((PENDING, REJECTED), LISTED, "version.approved", reasoned=False),
        "reject": Way((PENDING,), REJECTED, "version.rejected", reasoned=True),
        "quarantine": Way(
            (LISTED, YANKED, PENDING), QUARANTINED, "version.quarantined", reasoned=True
        ),
        "release": Way((QUARANTINED,), LISTED, "version.released", reasoned=False),
        "yank": Way((LISTED,), YANKED, "version.yanked", reasoned=True),
        "unyank": Way((YANKED,), LISTED, "version.unyanked", reasoned=False),
    }
)


def first_state(review: Review, *, verified: bool, public: bool) -> str:
    """Say in which state a version starts.

    What a workspace keeps to itself waits for nobody: it is the one that would be protected.
    """
    waits = review == "all" or (review == "unverified" and not verified)
    return PENDING if waits and public else LISTED
