"""Consent: what the admin agreed to, against what is asked and what they may give away."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from geminicrm.kernel.errors import Finding, ScopeMissing, ValidationFailed
from geminicrm.kernel.work import Actor
from geminicrm.runtime.history.protocols import Lease
from geminicrm.runtime.install.state import nobody_watches
from geminicrm.runtime.plan import Plan
from geminicrm.runtime.problems import ConsentRequired, TrustRequired
from geminicrm.runtime.strict_json import join

Grant = Sequence[str] | Literal["requested"] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallRequest:
    """What the caller of an install says.

    `grant` lists the scopes agreed to, `"requested"` means those that the extension needs, and
    those of everything that comes with it; beside a list, `grants` holds one for each of the others
    that ask for something. `trust` repeats the extension's id for code that nothing confines, and
    the ids of the others where they need it, with spaces between; `allow_unsigned` lets this one
    order in without signatures; `progress` is told the name of each step when it begins. `beside`,
    `group_id` and `within`, the lock that is held, are for one change of an order of several.
    """

    extension_id: str
    version: str | None = None
    grant: Grant = None
    grants: Mapping[str, Sequence[str]] = field(default_factory=dict)
    trust: str | None = None
    allow_unsigned: bool = False
    progress: Callable[[str], None] = nobody_watches
    kind: Literal["install", "upgrade"] = "install"
    beside: Mapping[str, str] = field(default_factory=dict)
    group_id: str | None = None
    within: Lease | None = None


def agreed(actor: Actor, plan: Plan, request: InstallRequest) -> tuple[str, ...]:
    """Give the scopes that are granted.

    Raises ConsentRequired and TrustRequired with the plan, ValidationFailed for a grant that is
    wider than asked or too narrow, ScopeMissing where the actor has not got what it grants.
    """
    if request.grant is None:
        raise ConsentRequired(plan.to_dict())
    granted = _granted(plan, request.grant, "/grant")
    _refuse_too_much(actor, granted)
    if plan.trust_required and plan.extension_id not in typed(request):
        raise TrustRequired(plan.extension_id, plan.to_dict())
    return granted


def agreed_parts(
    actor: Actor, plan: Plan, request: InstallRequest
) -> dict[str, Sequence[str] | None]:
    """Give what is granted to each of the others that a plan brings; None where nobody is asked.

    Raises ConsentRequired and TrustRequired with the whole plan, the rest as `agreed`.
    """
    found = {part.extension_id: _part(part, plan, request) for part in plan.parts}
    _refuse_too_much(actor, [scope for granted in found.values() for scope in granted or ()])
    for part in plan.parts:
        if part.trust_required and part.extension_id not in typed(request):
            raise TrustRequired(part.extension_id, plan.to_dict())
    return found


def _part(part: Plan, plan: Plan, request: InstallRequest) -> Sequence[str] | None:
    if request.grant == "requested":
        return _granted(part, "requested", "/grant")
    if part.extension_id in request.grants:
        place = join("/grants", part.extension_id)
        return _granted(part, request.grants[part.extension_id], place)
    asks = part.scopes or part.network or list(part.background())
    if (part.changes.needs_consent and asks) or request.grant is None:
        raise ConsentRequired(plan.to_dict())
    return () if part.kind == "install" else None


def typed(request: InstallRequest) -> list[str]:
    """Give the ids that were typed to trust code."""
    words = (request.trust or "").split(" ")
    return words if all(words) else []  # typed means: exactly so


def _refuse_too_much(actor: Actor, granted: Sequence[str]) -> None:
    for scope in granted:
        if not actor.allows(scope):
            raise ScopeMissing(scope, actor.label)


def _granted(
    plan: Plan, grant: Sequence[str] | Literal["requested"], place: str
) -> tuple[str, ...]:
    needed = [line.scope for line in plan.scopes]
    if grant == "requested":
        return tuple(needed)
    asked = {*needed, *(line.scope for line in plan.optional_scopes)}
    findings = [
        Finding(f"{place}/{at}", "not_asked", f"{plan.name} does not ask for {scope!r}.")
        for at, scope in enumerate(grant)
        if scope not in asked
    ]
    findings += [
        Finding(place, "needed_scope", f"{plan.name} can't do without {scope!r}.")
        for scope in needed
        if scope not in grant
    ]
    if findings:
        raise ValidationFailed(findings)
    return tuple(sorted(set(grant)))
