"""Actors: who acts in a unit of work, in which workspace, with which scopes."""

from dataclasses import dataclass, replace

from geminicrm.identity.permissions import OPERATOR_SCOPES, ROLES, SCOPES, covers


@dataclass(frozen=True)
class PersonActor:
    """A signed-in user, or a token that acts for one."""

    kind: str
    id: str
    label: str
    workspace_id: str
    scopes: frozenset[str]
    user_id: str
    role: str = "member"
    session_id: str | None = None

    def allows(self, scope: str) -> bool:
        """Tell whether the scope is among those held."""
        return covers(self.scopes, scope)

    def importing(self) -> "PersonActor":
        """Give the same person as one who brings in many records at once, from a file.

        What is brought in is not new in the world: nobody is asked to pay for it by itself.
        """
        return replace(self, kind="import")


@dataclass(frozen=True)
class SystemActor:
    """The core itself, or the operator at the machine's own command line."""

    workspace_id: str
    label: str = "System"
    kind: str = "system"
    id: str = "system"
    scopes: frozenset[str] = frozenset(SCOPES)

    def allows(self, scope: str) -> bool:
        """Tell whether the scope exists; the operator may do everything."""
        return covers(self.scopes, scope)


def scopes_of(role: str, *, operator: bool) -> frozenset[str]:
    """Give what somebody with a role may do; an operator of the installation also operates it."""
    return ROLES[role] | OPERATOR_SCOPES if operator else ROLES[role]
