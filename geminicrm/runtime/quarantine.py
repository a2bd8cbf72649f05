"""Kill orders as they reach installations: what a registry has stopped runs nowhere.

An order is looked at wherever a version begins to run (install, upgrade, way back, enable), and
applied to whatever runs already: when it is given, when a registry's notices come in, after each
change, and once a minute by the worker. So it makes no difference which of an order and an install
is first. Lifting an order switches nothing on: that is for an admin to decide.

Orders of another registry are those of its last good notices, however old: an order is never
forgotten because a registry is away. Whether a package may be taken from a registry whose notices
have run out is decided where it is fetched, and there the answer is no.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog
from sqlalchemy import select

from geminicrm.kernel.errors import Conflict
from geminicrm.kernel.generation import AUTH, RUNTIME, Generations
from geminicrm.kernel.work import Work, Works
from geminicrm.runtime.models import Installation
from geminicrm.runtime.semver import NotAVersion, Range, SemVer

QUARANTINED: Final = "quarantined"
_LONGEST: Final = 500
_log = structlog.get_logger(__name__)


class VersionStopped(Conflict):
    """The registry has ordered that this version must not run anywhere."""

    code = "version_stopped"
    title = "This version was stopped"

    def __init__(self, extension_id: str, version: str, reason: str, affected: str) -> None:
        super().__init__(
            f"{extension_id} {version} must not run: {reason} Stopped are the versions {affected}. "
            "Upgrade to one that is not among them, or wait until the order is lifted.",
            extension_id=extension_id,
            version=version,
            affected=affected,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """An order: the versions of an extension inside a range must not run, and why."""

    extension_id: str
    affected: str
    reason: str

    def hits(self, extension_id: str, version: str) -> bool:
        """Tell whether it means this version."""
        return extension_id == self.extension_id and covers(self.affected, version)


KillsOf = Callable[[str], Sequence[Kill]]
"""Gives the orders in force of a registry, by its id."""


def no_kills(_registry_id: str) -> tuple[()]:
    """Know of no order: stands where there is no registry."""
    return ()


def covers(affected: str, version: str) -> bool:
    """Tell whether a warning about a range means a version; one that can't be read means all.

    Unlike a requirement, it means pre-releases too: what is wrong with 1.2.0 is wrong with its
    candidates.
    """
    try:
        wanted, found = Range.parse(affected), SemVer.parse(version)
        core = SemVer.parse(".".join(map(str, found.core)))
        return wanted.allows(found) or wanted.allows(core)
    except NotAVersion:
        return True


def kills_in(notices: Mapping[str, Any]) -> tuple[Kill, ...]:
    """Read the orders off a registry's notices, which were proved before."""
    return tuple(
        Kill(
            extension_id=str(one["extension_id"]),
            affected=str(one["affected"]),
            reason=_sentence(one.get("reason")),
        )
        for one in notices.get("kills", ())
    )


class Quarantine:
    """Stops what must not run."""

    def __init__(self, works: Works, generations: Generations, kills: KillsOf = no_kills) -> None:
        self._works = works
        self._generations = generations
        self._kills = kills

    def refuse(self, registry_id: str, extension_id: str, version: str) -> None:
        """Raise VersionStopped for a version that must not run."""
        for kill in self._kills(registry_id):
            if kill.hits(extension_id, version):
                raise VersionStopped(extension_id, version, kill.reason, kill.affected)

    def take_notice(self, registry_id: str, notices: Mapping[str, Any]) -> None:
        """Stop what the new notices of a registry say."""
        self.apply(registry_id, kills_in(notices))

    def apply(self, registry_id: str, kills: Iterable[Kill] | None = None) -> list[str]:
        """Stop everything from a registry that its orders mean; give the ids of installations.

        Without `kills`, by all that are in force. In every workspace, built-in ones too.
        """
        orders = list(self._kills(registry_id) if kills is None else kills)
        if not orders:
            return []
        # A look first: a writing unit makes every other writer wait.
        with self._works.across_workspaces("look for what must not run") as work:
            if not _hit(work, registry_id, orders, lock=False):
                return []
        with self._works.across_workspaces("stop what must not run", write=True) as work:
            stopped = [
                _stop(work, row, kill) for row, kill in _hit(work, registry_id, orders, lock=True)
            ]
            if stopped:
                self._generations.bump(work, AUTH)
                self._generations.bump(work, RUNTIME)
        for name in stopped:
            _log.warning("an installation is quarantined", id=name, registry=registry_id)
        return stopped

    def sweep(self) -> list[str]:
        """Apply the orders of every registry that anything is installed from."""
        with self._works.across_workspaces("whose orders to look at") as work:
            found = work.session.scalars(select(Installation.registry_id).distinct()).all()
        return [one for registry_id in found for one in self.apply(registry_id)]


def _hit(
    work: Work, registry_id: str, orders: Sequence[Kill], *, lock: bool
) -> list[tuple[Installation, Kill]]:
    statement = select(Installation).where(
        Installation.registry_id == registry_id,
        Installation.enabled,
        Installation.extension_id.in_({one.extension_id for one in orders}),
    )
    rows = work.session.scalars(statement.with_for_update() if lock else statement).all()
    found = []
    for row in rows:
        kill = next((one for one in orders if one.hits(row.extension_id, row.version)), None)
        if kill is not None:
            found.append((row, kill))
    return found


def _stop(work: Work, row: Installation, kill: Kill) -> str:
    row.enabled = False
    row.status = QUARANTINED
    row.error = f"Stopped by its registry: {kill.reason}"
    row.watch = None
    row.updated_at = work.now
    told = {"version": row.version, "affected": kill.affected, "reason": kill.reason}
    work.audit("extension.quarantined", row.extension_id, told, row.workspace_id)
    return row.id


def _sentence(reason: object) -> str:
    text = " ".join(str(reason or "No reason was given.").split())[:_LONGEST]
    return text if text.endswith((".", "!", "?")) else f"{text}."
