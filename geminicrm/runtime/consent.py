"""Consent: what the admin agreed to, against what is asked and what they may give away."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from geminicrm.kernel.errors import Finding, ScopeMissing, ValidationFailed
from geminicrm.kernel.work import Actor
from geminicrm.runtime.install.state import nobody_watches
from geminicrm.runtime.plan import Plan
from geminicrm.runtime.problems import ConsentRequired, TrustRequired

Grant = Sequence[str] | Literal["requested"] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallRequest:
    """What the caller of an install says.

    `grant` lists the scopes agreed to, `"requested"` means those that the extension needs; `trust`
    repeats the extension's id for code that nothing confines; `allow_unsigned` lets this one
    package in without a signature; `progress` is told the name of each step when it begins.
    """

    extension_id: str
    version: str | None = None
    grant: Grant = None
    trust: str | None = None
    allow_unsigned: bool = False
    progress: Callable[[str], None] = nobody_watches


def agreed(actor: Actor, plan: Plan, request: InstallRequest) -> tuple[str, ...]:
    """Give the scopes that are granted.

    Raises ConsentRequired and TrustRequired with the plan, ValidationFailed for a grant that is
    wider than asked or too narrow, ScopeMissing where the actor has not got what it grants.
    """
    if request.grant is None:
        raise ConsentRequired(plan.to_dict())
    granted = _granted(plan, request.grant)
    for scope in granted:
        if not actor.allows(scope):
            raise ScopeMissing(scope, actor.label)
    if plan.trust_required and request.trust != plan.extension_id:
        raise TrustRequired(plan.extension_id, plan.to_dict())
    return granted


def _granted(plan: Plan, grant: Sequence[str] | Literal["requested"]) -> tuple[str, ...]:
    needed = [line.scope for line in plan.scopes]
    if grant == "requested":
        return tuple(needed)
    asked = {*needed, *(line.scope for line in plan.optional_scopes)}
    findings = [
        Finding(f"/grant/{at}", "not_asked", f"The extension does not ask for {scope!r}.")
        for at, scope in enumerate(grant)
        if scope not in asked
    ]
    findings += [
        Finding("/grant", "needed_scope", f"The extension can't do without {scope!r}.")
        for scope in needed
        if scope not in grant
    ]
    if findings:
        raise ValidationFailed(findings)
    return tuple(sorted(set(grant)))
