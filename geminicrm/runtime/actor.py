"""The actor that an extension is: its grant, cut down to what the user behind the call may do."""

from dataclasses import dataclass, field
from typing import Protocol

from geminicrm.kernel.work import Actor
from geminicrm.runtime.live import Installed

SYSTEM = "system"


class ScopeCounter(Protocol):
    """Counts questions for a scope; the ledger does."""

    def count(self, workspace_id: str, installation_id: str, scope: str, *, allowed: bool) -> None:
        """Count one question."""
        ...


@dataclass(frozen=True, slots=True)
class ExtensionActor:
    """An extension at work; every question for a scope is counted."""

    installation_id: str
    id: str
    label: str
    workspace_id: str
    scopes: frozenset[str]
    counter: ScopeCounter = field(repr=False)
    kind: str = "extension"

    def allows(self, scope: str) -> bool:
        """Tell whether it holds the scope, and count that it asked."""
        allowed = scope in self.scopes
        self.counter.count(self.workspace_id, self.installation_id, scope, allowed=allowed)
        return allowed


def actor_for(installed: Installed, caller: Actor, counter: ScopeCounter) -> ExtensionActor:
    """Give the actor for a call that `caller` caused.

    Where the core calls by itself (an event, a schedule) the grant alone counts; in the request of
    somebody it is the grant AND what that somebody may do, so that nobody can use an extension to
    reach further.
    """
    granted = installed.granted
    scopes = granted if caller.kind == SYSTEM else granted & caller.scopes
    return ExtensionActor(
        installation_id=installed.id,
        id=installed.extension_id,
        label=installed.name,
        workspace_id=installed.workspace_id,
        scopes=scopes,
        counter=counter,
    )
