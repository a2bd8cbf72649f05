"""Who stands above whom: nobody gives a role above their own, or touches somebody above them."""

from types import MappingProxyType
from typing import Final

from geminicrm.kernel.errors import Finding, Forbidden, ValidationFailed
from geminicrm.kernel.work import Actor

OWNER: Final = "owner"
RANKS: Final = MappingProxyType({"read-only": 0, "member": 1, "admin": 2, OWNER: 3})
_NONE: Final = -1


def rank_of(actor: Actor) -> int:
    """Give how high somebody stands; what has no role stands below all."""
    if actor.kind == "system":
        return RANKS[OWNER]
    return RANKS.get(getattr(actor, "role", ""), _NONE)


def check_gives(actor: Actor, role: str) -> None:
    """Raise ValidationFailed for what is no role, Forbidden for one above the actor's own."""
    if role not in RANKS:
        message = f"Use one of {', '.join(RANKS)}."
        raise ValidationFailed([Finding("/role", "unknown_role", message)])
    if RANKS[role] > rank_of(actor):
        raise Forbidden(f"The role {role} is above your own: ask somebody who has it.")


def check_touches(actor: Actor, role: str) -> None:
    """Raise Forbidden where somebody of this role stands above the actor."""
    if RANKS.get(role, RANKS[OWNER]) > rank_of(actor):
        raise Forbidden(f"Their role, {role}, is above your own: ask somebody who has it.")


def roles_given_by(actor: Actor) -> tuple[str, ...]:
    """Give the roles that somebody may give, the lowest first."""
    return tuple(role for role, rank in RANKS.items() if rank <= rank_of(actor))
