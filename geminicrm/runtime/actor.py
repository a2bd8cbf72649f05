"""The actor that an extension is: its grant, cut down to what the user behind the call may do."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from geminicrm.identity.permissions import covers
from geminicrm.kernel.work import Actor
from geminicrm.runtime.live import Installed

SYSTEM = "system"
_NOTHING: frozenset[str] = frozenset()


class UseCounter(Protocol):
    """Counts what installations ask for; the ledger does."""

    def count(self, workspace_id: str, installation_id: str, scope: str, *, allowed: bool) -> None:
        """Count one question for a scope."""
        ...

    def count_host(
        self, workspace_id: str, installation_id: str, host: str, *, allowed: bool
    ) -> None:
        """Count one outside call to a host."""
        ...


@dataclass(frozen=True, slots=True)
class ExtensionActor:
    """An extension at work; every question for a scope is counted.

    `now` gives the installation as it is at this moment, None once it is switched off or gone: a
    permission that was taken away refuses the very next step of a call that already runs.
    """

    installation_id: str
    id: str
    label: str
    workspace_id: str
    caller: Actor
    now: Callable[[], Installed | None] = field(repr=False)
    counter: UseCounter = field(repr=False)
    kind: str = "extension"

    @property
    def scopes(self) -> frozenset[str]:
        """Give what it may do now.

        Where the core calls by itself (an event, a schedule) the grant alone counts; in the request
        of somebody it is the grant AND what that somebody may do, so that nobody can use an
        extension to reach further.
        """
        granted = self._granted()
        if self._is_alone():
            return granted
        return frozenset(one for one in granted if covers(self.caller.scopes, one))

    def allows(self, scope: str) -> bool:
        """Tell whether it holds the scope at this moment, and count that it asked."""
        held = self._is_alone() or covers(self.caller.scopes, scope)
        allowed = held and scope in self._granted()
        self.counter.count(self.workspace_id, self.installation_id, scope, allowed=allowed)
        return allowed

    def _is_alone(self) -> bool:
        return self.caller.kind == SYSTEM

    def _granted(self) -> frozenset[str]:
        installed = self.now()
        return installed.granted if installed is not None else _NOTHING
