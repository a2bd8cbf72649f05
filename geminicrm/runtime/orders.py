"""Orders: what somebody asked for, with everything else that has to change for it."""

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import structlog
from sqlalchemy.exc import SQLAlchemyError

from geminicrm.kernel.errors import AppError, Conflict
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.work import Actor
from geminicrm.runtime.changes import Change, Data
from geminicrm.runtime.consent import InstallRequest, agreed, agreed_parts
from geminicrm.runtime.history.models import ORDER, Run
from geminicrm.runtime.history.protocols import Intent, Lease
from geminicrm.runtime.install.state import Order
from geminicrm.runtime.inventory import find_or_none
from geminicrm.runtime.kit import Kit
from geminicrm.runtime.plan import Plan
from geminicrm.runtime.planner import Planner
from geminicrm.runtime.recovery.order import LEFT
from geminicrm.runtime.removal import left_behind
from geminicrm.runtime.resolution.solve import Step

_log = structlog.get_logger(__name__)
One = Callable[[Actor, InstallRequest], Change]


class NeedsOthers(Conflict):
    """A change needs others before it; whoever asked for it makes one order of them."""

    code = "needs_others"
    title = "Other extensions have to change first"

    def __init__(self, extension_id: str, steps: Sequence[Step]) -> None:
        names = ", ".join(f"{step.extension_id} {step.after}" for step in steps)
        super().__init__(
            f"What is installed has changed meanwhile: {extension_id} needs {names} first. "
            "Look at the plan again, then repeat.",
            extension_id=extension_id,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Doers:
    """What makes and undoes single changes.

    `install` and `upgrade` raise NeedsOthers where a request needs more than itself; `remove` and
    `back` take a change away again, with the lock of the workspace held.
    """

    install: One
    upgrade: One
    remove: Callable[[Actor, Run, Data, Lease], object]
    back: Callable[[Actor, str, str, Lease], object]


class Orders:
    """Makes one change, or several that belong together: all of them or none."""

    def __init__(self, kit: Kit, planner: Planner, doers: Doers) -> None:
        self._kit = kit
        self._planner = planner
        self._doers = doers

    def make(self, actor: Actor, request: InstallRequest) -> Change:
        """Install or upgrade; the others first. After an error nothing is changed.

        Raises as the single changes do, and ConsentRequired and ValidationFailed for what the
        others ask.
        """
        one = self._doers.install if request.kind == "install" else self._doers.upgrade
        try:
            return one(actor, request)
        except NeedsOthers:
            with self._kit.changing(actor) as lease:
                return self._together(actor, request, one, lease)

    def plan(self, actor: Actor, request: InstallRequest) -> Plan:
        """Plan it with the others. Raises NotFound, InstallFailed."""
        unsigned = self._kit.allow_unsigned
        return self._planner.look(order_of(actor, request, allow_unsigned=unsigned))

    def take_back(self, actor: Actor, run: Run, data: Data, lease: Lease) -> None:
        """Undo one change of an order, with the lock held; does nothing where that was done.

        Raises as `Removals.uninstall` and `Upgrades.rollback`.
        """
        if run.from_version is None:
            self._doers.remove(actor, run, data, lease)
            return
        with self._kit.works.read(actor) as work:
            row = find_or_none(work, run.extension_id)
        if row is not None and row.digest == run.to_digest:
            self._doers.back(actor, run.extension_id, run.from_version, lease)

    def _together(self, actor: Actor, request: InstallRequest, one: One, lease: Lease) -> Change:
        started = time.perf_counter()
        plan = self.plan(actor, request)
        grants = agreed_parts(actor, plan, request)
        if request.kind == "install":
            agreed(actor, plan, request)  # before anything is done; the change itself asks again
        group = new_id("ord")
        entry = self._kit.tools.journal.begin(actor, self._intent(actor, plan, group), lease)
        held = replace(request, group_id=group, within=lease)
        try:
            for number, part in enumerate(plan.parts, start=1):
                entry.step(f"part {number}")
                self._part(actor, part, _request(part, plan, held, grants))
            change = one(actor, _main(plan, held))
            with self._kit.works.write(actor) as work:
                entry.done(work)
        except BaseException:
            # The same as for an order whose process was killed; where the database is away, the
            # watch over killed runs does it later.
            with contextlib.suppress(AppError, SQLAlchemyError):
                self._kit.recovery.end(actor.workspace_id, lease)
            raise
        _log.info("order done", order=group, seconds=time.perf_counter() - started)
        return change

    def _part(self, actor: Actor, part: Plan, request: InstallRequest) -> None:
        one = self._doers.install if part.kind == "install" else self._doers.upgrade
        one(actor, request)

    def _intent(self, actor: Actor, plan: Plan, group: str) -> Intent:
        with self._kit.works.read(actor) as work:
            left = left_behind(work, [part.extension_id for part in plan.parts])
        return Intent(
            kind=ORDER,
            extension_id=plan.extension_id,
            from_version=plan.from_version,
            to_version=plan.version,
            group_id=group,
            facts={LEFT: left},
        )


def order_of(actor: Actor, request: InstallRequest, *, allow_unsigned: bool) -> Order:
    """Give a request in the form that the steps take."""
    return Order(
        actor=actor,
        extension_id=request.extension_id,
        version=request.version,
        allow_unsigned=request.allow_unsigned or allow_unsigned,
        progress=request.progress,
        beside=request.beside,
        group_id=request.group_id,
        with_others=True,
    )


def _main(plan: Plan, request: InstallRequest) -> InstallRequest:
    return replace(request, version=plan.version, beside=_beside(plan, plan.extension_id))


def _request(
    part: Plan,
    plan: Plan,
    request: InstallRequest,
    grants: Mapping[str, Sequence[str] | None],
) -> InstallRequest:
    return InstallRequest(
        kind="install" if part.kind == "install" else "upgrade",
        extension_id=part.extension_id,
        version=part.version,
        grant=grants[part.extension_id],
        trust=part.extension_id if part.trust_required else None,
        allow_unsigned=request.allow_unsigned,
        progress=request.progress,
        beside=_beside(plan, part.extension_id),
        group_id=request.group_id,
        within=request.within,
    )


def _beside(plan: Plan, extension_id: str) -> dict[str, str]:
    return {one.extension_id: one.version for one in plan.every if one.extension_id != extension_id}
