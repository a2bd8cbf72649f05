"""Kill orders: given by operators of this registry, and read of others' notices."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from geminicrm.kernel.clock import format_instant
from geminicrm.kernel.errors import Finding, ValidationFailed
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.work import Actor, Works
from geminicrm.runtime.models import EMBEDDED
from geminicrm.runtime.quarantine import Kill, kills_in
from geminicrm.runtime.semver import NotAVersion, Range
from marketplace.moderation.access import OPERATE
from marketplace.moderation.decisions import checked_reason
from marketplace.moderation.errors import LiftedAlready, UnknownNotice
from marketplace.moderation.models import KillOrder
from marketplace.moderation.notices import Notices
from marketplace.registries.models import RegistryRow

MOST_RANGE = 200
MOST_ID = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered:
    """An order as people see it; `stopped` is what giving it has quarantined here."""

    id: str
    extension_id: str
    affected: str
    reason: str
    ordered_at: datetime
    ordered_by: str
    lifted_at: datetime | None
    stopped: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Give the members that programs get."""
        return {
            "id": self.id,
            "extension_id": self.extension_id,
            "affected": self.affected,
            "reason": self.reason,
            "ordered_at": format_instant(self.ordered_at),
            "ordered_by": self.ordered_by,
            "lifted_at": format_instant(self.lifted_at) if self.lifted_at else None,
            "stopped": self.stopped,
        }


Apply = Callable[[str], Sequence[str]]
"""Applies all orders of a registry to what is installed; gives the ids of installations."""


class Kills:
    """Gives and lifts orders, and reads those of every registry."""

    def __init__(self, works: Works, notices: Notices) -> None:
        self._works = works
        self._notices = notices
        self._apply: Apply = _nobody

    def connect(self, apply: Apply) -> None:
        """Have orders reach installations as soon as they are given."""
        self._apply = apply

    def of(self, registry_id: str) -> Sequence[Kill]:
        """Give the orders in force: of the embedded registry, or of another's last good notices."""
        with self._works.across_workspaces("what must not run") as work:
            if registry_id == EMBEDDED:
                orders = work.session.scalars(
                    select(KillOrder).where(KillOrder.lifted_at.is_(None)).order_by(KillOrder.id)
                )
                said = [
                    {"extension_id": one.extension_id, "affected": one.affected,
                     "reason": one.reason}
                    for one in orders
                ]  # fmt: skip
                return kills_in({"kills": said})
            row = work.session.get(RegistryRow, registry_id)
            return kills_in(row.notices or {}) if row is not None else ()

    def every(self, actor: Actor) -> list[Ordered]:
        """List all orders, the newest first; ScopeMissing: for operators."""
        with self._works.read(actor) as work:
            work.require(OPERATE)
            rows = work.session.scalars(select(KillOrder).order_by(KillOrder.id.desc()))
            return [_ordered(row) for row in rows]

    def give(self, actor: Actor, extension_id: str, affected: str, reason: str) -> Ordered:
        """Order that versions must not run, and stop them everywhere here.

        ScopeMissing, ValidationFailed.
        """
        words = checked_reason(reason)
        name, versions = checked_target(extension_id, affected)
        with self._works.write(actor) as work:
            work.require(OPERATE)
            row = KillOrder(
                id=new_id("kill"),
                extension_id=name,
                affected=versions,
                reason=words,
                ordered_at=work.now,
                ordered_by=work.actor.label,
            )
            work.session.add(row)
            work.audit("kill.ordered", name, {"id": row.id, "affected": versions, "reason": words})
        self._notices.renew()
        return _ordered(row, len(self._apply(EMBEDDED)))

    def lift(self, actor: Actor, order_id: str) -> Ordered:
        """Take an order back; admins may then switch on again what it stopped.

        ScopeMissing, UnknownNotice, LiftedAlready.
        """
        with self._works.write(actor) as work:
            work.require(OPERATE)
            row = work.session.get(KillOrder, order_id)
            if row is None:
                raise UnknownNotice("kill order", order_id)
            if row.lifted_at is not None:
                raise LiftedAlready(f"The order {order_id} was lifted before.")
            row.lifted_at = work.now
            work.audit("kill.lifted", row.extension_id, {"id": row.id, "affected": row.affected})
        self._notices.renew()
        return _ordered(row)


def checked_target(extension_id: str, affected: str) -> tuple[str, str]:
    """Give id and range without space around them; ValidationFailed for wrong ones."""
    name, versions = extension_id.strip(), " ".join(affected.split())
    found = []
    if not 0 < len(name) <= MOST_ID:
        found.append(Finding("/extension_id", "wrong_form", "Name the extension by its id."))
    try:
        Range.parse(versions[: MOST_RANGE + 1])
        fits = len(versions) <= MOST_RANGE
    except NotAVersion:
        fits = False
    if not fits:
        message = f"{versions[:100]!r} is not a version range such as '>=1.2.0 <1.4.1', or '*'."
        found.append(Finding("/affected", "wrong_range", message))
    if found:
        raise ValidationFailed(found)
    return name, versions


def _nobody(_registry_id: str) -> tuple[()]:
    return ()


def _ordered(row: KillOrder, stopped: int = 0) -> Ordered:
    return Ordered(
        id=row.id,
        extension_id=row.extension_id,
        affected=row.affected,
        reason=row.reason,
        ordered_at=row.ordered_at,
        ordered_by=row.ordered_by,
        lifted_at=row.lifted_at,
        stopped=stopped,
    )
