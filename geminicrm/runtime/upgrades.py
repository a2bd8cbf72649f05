"""Upgrades: another version in the place of the one that runs, and the ways back."""

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import structlog

from geminicrm.identity.actor import SystemActor
from geminicrm.kernel.clock import format_instant
from geminicrm.kernel.errors import AppError
from geminicrm.kernel.work import Actor
from geminicrm.runtime.changes import Change
from geminicrm.runtime.consent import InstallRequest
from geminicrm.runtime.drafts import draft_of
from geminicrm.runtime.history.models import InstalledVersion
from geminicrm.runtime.history.protocols import Lease
from geminicrm.runtime.history.versions import chosen, earlier, history
from geminicrm.runtime.install.drafting import Draft, DraftSettings
from geminicrm.runtime.install.pipeline import Run
from geminicrm.runtime.install.state import Consent, Course, Order
from geminicrm.runtime.installs import Installs
from geminicrm.runtime.inventory import MANAGE, READ, find, find_or_none
from geminicrm.runtime.kit import Kit, require
from geminicrm.runtime.models import Installation
from geminicrm.runtime.orders import Doers, NeedsOthers, Orders, order_of
from geminicrm.runtime.plan import Plan
from geminicrm.runtime.planner import Planner
from geminicrm.runtime.removals import Removals
from geminicrm.runtime.standing import standings
from geminicrm.runtime.updates import Updates
from geminicrm.runtime.upgrade_problems import NothingBefore
from geminicrm.runtime.upgrade_rules import (
    carried_settings,
    former_grant,
    new_grant,
    new_trust,
    refuse_blind,
    refuse_if_others_break,
    refuse_old,
    refuse_stranger,
    storage_warning,
)

_log = structlog.get_logger(__name__)


class Upgrades:
    """Every change of an installed version; each needs `manage:extensions`, but for the return."""

    def __init__(self, kit: Kit, planner: Planner, installs: Installs, removals: Removals) -> None:
        self._kit = kit
        self._works = kit.works
        self._tools = kit.tools
        self._updates = Updates(kit)
        self._planner = planner
        doers = Doers(
            install=installs.install,
            upgrade=self._upgrade,
            remove=removals.take_back,
            back=self._taken_back,
        )
        self.orders = Orders(kit, planner, doers)

    def plan(
        self,
        actor: Actor,
        extension_id: str,
        version: str | None = None,
        *,
        allow_unsigned: bool = False,
    ) -> Plan:
        """Tell what an upgrade would do; changes nothing. Raises as `upgrade`."""
        require(actor, MANAGE)
        request = InstallRequest(
            extension_id=extension_id, version=version, allow_unsigned=allow_unsigned
        )
        row = self._row(actor, extension_id)
        return self._planner.of(self._looked(actor, row, request))

    def upgrade(self, actor: Actor, request: InstallRequest) -> Change:
        """Put a newer version in the place of the one that runs, which serves until then.

        Others that have to change for it come first, as one order. Raises NotInstalled, NotNewer,
        OtherOrigin, StorageNotReadable, ReturnedFrom, ConsentRequired, TrustRequired,
        ValidationFailed, ScopeMissing, InstallFailed, Unavailable; after an error the version
        before runs on.
        """
        require(actor, MANAGE)
        return self.orders.make(actor, replace(request, kind="upgrade"))

    def rollback(self, actor: Actor, extension_id: str, version: str | None = None) -> Change:
        """Go back to an earlier version: the one named, else the one below; its settings come back.

        Data does not. Raises NotInstalled, NothingBefore, InstallFailed, Unavailable.
        """
        require(actor, MANAGE)
        return self._changed(actor, extension_id, "rollback", partial(self._down, version))

    def come_back(self, workspace_id: str, extension_id: str, digest: str, reason: str) -> bool:
        """Return from a watched version to the one before; False where nobody watches it any more.

        For the core itself, outside of any unit of work. Raises what `rollback` raises; then the
        watched version runs on and is watched no more.
        """
        actor = SystemActor(workspace_id, "Watch period")
        with self._kit.changing(actor) as lease:
            with self._works.read(actor) as work:
                row = find_or_none(work, extension_id)
            if row is None or row.digest != digest or not row.watch:
                return False
            try:
                run = self._return(actor, row, reason, lease)
            except AppError as error:
                self._give_up(actor, extension_id, digest, f"{reason} {error}")
                raise
        _log.error(
            "an extension was returned to the version before",
            extension_id=extension_id,
            version=run.state.ref.version,
            reason=reason,
        )
        self._kit.meter.install("return", "ok", sum(each.seconds for each in run.times))
        return True

    def versions(self, actor: Actor, extension_id: str) -> list[dict[str, Any]]:
        """Give the versions that it has had here, the present one first. Raises NotInstalled."""
        require(actor, READ)
        with self._works.read(actor) as work:
            row = find(work, extension_id)
            rows = history(work, row.id)
        back = {each.id for each in earlier(rows, row.digest) if self._updates.is_there(each)}
        return [
            {
                "version": each.version,
                "digest": each.digest,
                "since": format_instant(each.since),
                "until": format_instant(each.until) if each.until else None,
                "outcome": each.outcome,
                "reason": each.reason,
                "current": each.until is None,
                "can_roll_back": each.id in back,
            }
            for each in rows
        ]

    def available(self, actor: Actor) -> list[dict[str, Any]]:
        """Give what could be upgraded; see `Updates.available`."""
        return self._updates.available(actor)

    def offered(self, actor: Actor, extension_id: str) -> list[dict[str, Any]]:
        """Give what the registry has of an extension, as it lists it: `version`, `state`.

        Nothing where the registry is away. Raises NotInstalled.
        """
        require(actor, READ)
        self._row(actor, extension_id)
        return self._updates.offered(actor, extension_id)

    def standings(self, actor: Actor) -> dict[str, dict[str, Any]]:
        """Give what is watched and what was returned from; see `standing.standings`."""
        require(actor, READ)
        with self._works.read(actor) as work:
            return standings(work)

    def _upgrade(self, actor: Actor, request: InstallRequest) -> Change:
        up = partial(self._up, request)
        return self._changed(actor, request.extension_id, "upgrade", up, request.within)

    def _taken_back(self, actor: Actor, extension_id: str, version: str, within: Lease) -> object:
        return self._changed(actor, extension_id, "rollback", partial(self._down, version), within)

    def _changed(
        self,
        actor: Actor,
        extension_id: str,
        action: str,
        change: Callable[[Actor, Installation, Lease], Run],
        within: Lease | None = None,
    ) -> Change:
        started = time.perf_counter()
        try:
            with self._kit.changing(actor, within) as lease:
                run = change(actor, self._row(actor, extension_id), lease)
        except AppError as error:
            self._kit.meter.install(action, error.code, time.perf_counter() - started)
            raise
        done = self._kit.changed(actor, extension_id, run.state.generation, run)
        self._kit.meter.install(action, "ok", time.perf_counter() - started)
        return done

    def _up(self, request: InstallRequest, actor: Actor, row: Installation, lease: Lease) -> Run:
        looked = self._looked(actor, row, request)
        if looked.state.others:
            raise NeedsOthers(row.extension_id, looked.state.others)
        plan, manifest = self._planner.of(looked), looked.state.manifest
        consent = Consent(
            granted=new_grant(actor, row, manifest, plan, request),
            trusted=new_trust(row, looked.state.ref, plan, request),
            settings=DraftSettings(),
        )
        course = replace(
            looked.state.course,
            settle=partial(carried_settings, self._kit.vault),
            watch_seconds=self._tools.watch_seconds,
        )
        return self._kit.pipeline.act(looked, consent, lease, course)

    def _looked(self, actor: Actor, row: Installation, request: InstallRequest) -> Run:
        """Look at the version as an install would, and at whether it may follow this one."""
        if request.version is not None:
            refuse_old(row, request.version)
        order = order_of(actor, request, allow_unsigned=self._kit.allow_unsigned)
        course = Course(kind="upgrade", present=self._present(row))
        looked = self._kit.pipeline.look(order, course)
        ref = looked.state.ref
        refuse_old(row, ref.version)
        refuse_blind(row, looked.state.manifest)
        with self._works.read(actor) as work:
            refuse_stranger(work, ref)
            if request.version is None:
                self._updates.refuse_failed(work, row, ref)
        return looked

    def _down(self, version: str | None, actor: Actor, row: Installation, lease: Lease) -> Run:
        with self._works.read(actor) as work:
            past = chosen(history(work, row.id), row.digest, row.version, version)
            if past is None:
                raise NothingBefore(row.extension_id, version)
            refuse_if_others_break(work, "rollback", row.extension_id, past.version)
        return self._back(actor, row, past, Course(kind="rollback"), lease)

    def _return(self, actor: Actor, row: Installation, reason: str, lease: Lease) -> Run:
        before = row.watch["digest"] if row.watch else ""
        with self._works.read(actor) as work:
            past = next(
                (each for each in history(work, row.id) if each.digest == before and each.until),
                None,
            )
        if past is None:
            raise NothingBefore(row.extension_id, None)
        return self._back(actor, row, past, Course(kind="return", reason=reason), lease)

    def _back(
        self, actor: Actor, row: Installation, past: InstalledVersion, course: Course, lease: Lease
    ) -> Run:
        course = replace(
            course,
            past=past,
            present=self._present(row),
            settle=lambda _row, _manifest: (past.settings, past.secrets),
        )
        order = Order(
            actor=actor,
            extension_id=row.extension_id,
            version=past.version,
            digest=past.digest,
            allow_unsigned=True,  # as it was allowed when it came
        )
        known = self._updates.lies_there(past)
        look = self._kit.pipeline.recall if known else self._kit.pipeline.look
        looked = look(order, course)
        consent = Consent(
            granted=former_grant(row, past), trusted=past.trusted, settings=DraftSettings()
        )
        run = self._kit.pipeline.act(looked, consent, lease, course)
        warning = storage_warning(row, looked.state.manifest)
        return run.warned(warning) if warning else run

    def _give_up(self, actor: Actor, extension_id: str, digest: str, reason: str) -> None:
        with self._works.write(actor) as work:
            row = find_or_none(work, extension_id)
            if row is not None and row.digest == digest:
                row.watch = None
                row.error = f"It could not be returned to the version before: {reason}"
                work.audit("extension.return_failed", extension_id, {"reason": reason})

    def _present(self, row: Installation) -> Draft:
        return draft_of(row, self._kit.vault, self._tools.packages)

    def _row(self, actor: Actor, extension_id: str) -> Installation:
        with self._works.read(actor) as work:
            return find(work, extension_id)
