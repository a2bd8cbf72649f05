"""What is wrong with registries, for those whose extensions come from there."""

from datetime import datetime

from sqlalchemy import select

from geminicrm.kernel.work import Actor, Work, Works
from geminicrm.runtime.attention.notices import RegistryTrouble
from geminicrm.runtime.models import Installation
from marketplace.registries.errors import RegistryRefused
from marketplace.registries.notices import expires_at
from marketplace.registries.rows import Facts, every_registry
from marketplace.registries.service import OPERATE

_EXPIRED = (
    "Its notices have run out, so nobody knows which of its versions must not run. Nothing is "
    "installed from it until it renews them; what runs goes on."
)


class Troubles:
    """Tells operators of every registry, others of those that their workspace uses."""

    def __init__(self, works: Works) -> None:
        self._works = works

    def __call__(self, actor: Actor) -> list[RegistryTrouble]:
        """Give what is wrong with registries that are switched on."""
        with self._works.read(actor) as work:
            used = set(work.session.scalars(select(Installation.registry_id).distinct()))
        with self._works.across_workspaces("see how registries are") as work:
            return _found(work, None if actor.allows(OPERATE) else used)


def _found(work: Work, among: set[str] | None) -> list[RegistryTrouble]:
    wanted = [
        one
        for one in every_registry(work)
        if one.enabled and not one.embedded and (among is None or one.id in among)
    ]
    found = (_trouble(one, work.now) for one in wanted)
    return [each for each in found if each is not None]


def _trouble(facts: Facts, now: datetime) -> RegistryTrouble | None:
    ends = expires_at(facts.notices)
    detail = facts.error or (_EXPIRED if ends is not None and ends <= now else None)
    if detail is None:
        return None
    return RegistryTrouble(
        kind="key_changed" if facts.error_code == RegistryRefused.code else "unreachable",
        registry_id=facts.id,
        name=facts.name,
        detail=detail,
    )
