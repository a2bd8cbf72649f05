"""Installing one extension."""

import time

from sqlalchemy.exc import IntegrityError

from geminicrm.kernel.errors import AppError
from geminicrm.kernel.work import Actor
from geminicrm.runtime.changes import Change
from geminicrm.runtime.consent import InstallRequest, agreed
from geminicrm.runtime.drafts import kept_settings
from geminicrm.runtime.history.protocols import Lease
from geminicrm.runtime.install.pipeline import Run
from geminicrm.runtime.install.state import Consent
from geminicrm.runtime.inventory import find_or_none
from geminicrm.runtime.kit import Kit
from geminicrm.runtime.orders import NeedsOthers, order_of
from geminicrm.runtime.planner import Planner
from geminicrm.runtime.problems import AlreadyInstalled


class Installs:
    """Puts in what the workspace does not have."""

    def __init__(self, kit: Kit, planner: Planner) -> None:
        self._kit = kit
        self._planner = planner

    def install(self, actor: Actor, request: InstallRequest) -> Change:
        """Install one version. Raises as `LifeCycle.install`, and NeedsOthers."""
        started = time.perf_counter()
        try:
            with self._kit.changing(actor, request.within) as lease:
                run = self._installed(actor, request, lease)
        except NeedsOthers:
            raise
        except AppError as error:
            self._kit.meter.install("install", error.code, time.perf_counter() - started)
            raise
        for each in run.times:
            self._kit.meter.install(f"install.{each.step}", "ok", each.seconds)
        change = self._kit.changed(actor, request.extension_id, run.state.generation, run)
        self._kit.meter.install("install", "ok", time.perf_counter() - started)
        return change

    def _installed(self, actor: Actor, request: InstallRequest, lease: Lease) -> Run:
        with self._kit.works.read(actor) as work:
            if find_or_none(work, request.extension_id) is not None:
                raise AlreadyInstalled(request.extension_id)
        order = order_of(actor, request, allow_unsigned=self._kit.allow_unsigned)
        looked = self._kit.pipeline.look(order)
        if looked.state.others:
            # Within an order too: then what is installed has changed since it was planned.
            raise NeedsOthers(request.extension_id, looked.state.others)
        plan = self._planner.of(looked)
        consent = Consent(
            granted=agreed(actor, plan, request),
            trusted=plan.trust_required,
            settings=kept_settings(self._kit.works, self._kit.vault, actor, looked.state.manifest),
        )
        try:
            return self._kit.pipeline.act(looked, consent, lease)
        except IntegrityError as error:
            raise AlreadyInstalled(request.extension_id) from error
