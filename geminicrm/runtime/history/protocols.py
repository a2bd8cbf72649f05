"""The lock that a change of the installed set holds, and the journal that it keeps."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from geminicrm.kernel.work import Actor, Work


class Lease(Protocol):
    """The workspace's install lock, as held by one install."""

    def renew(self) -> None:
        """Hold it for another while. Raises Conflict where it was lost."""
        ...

    def confirm(self, work: Work) -> None:
        """Make sure, inside the deciding transaction, that it is still held. Raises Conflict."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """What a run is about to do; versions come with their digests.

    `facts` are what finishing or undoing takes, as far as that is known; secrets sealed.
    """

    kind: str
    extension_id: str
    from_version: str | None = None
    from_digest: str | None = None
    to_version: str | None = None
    to_digest: str | None = None
    group_id: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


class Entry(Protocol):
    """The journal of one run."""

    @property
    def id(self) -> str:
        """Give the id of the run."""
        ...

    def step(self, name: str) -> None:
        """Write down that a step begins, and hold the lock for another while. Raises Conflict."""
        ...

    def note(self, **facts: Any) -> None:
        """Write down what finishing or undoing will take, before it is made."""
        ...

    def done(self, work: Work) -> None:
        """Say, inside the transaction that decides, that the run has happened."""
        ...

    def undone(self, reason: str) -> None:
        """Say that all is as it was before, unless the run has happened."""
        ...


class Journal(Protocol):
    """Where runs are written down before they act, so that a killed one can be ended."""

    def begin(self, actor: Actor, intent: Intent, lease: Lease) -> Entry:
        """Open the journal of a run."""
        ...
