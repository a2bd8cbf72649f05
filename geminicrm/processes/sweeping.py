"""A thread of the worker that sweeps what ran out, so that no event waits for it."""

import threading
import time
from collections.abc import Callable
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from geminicrm.app import Core
from geminicrm.connections import aging
from geminicrm.connections.outgoing import call_log
from geminicrm.identity.sign_in import sweep
from geminicrm.kernel.errors import AppError
from geminicrm.kernel.jobs.care import Care
from geminicrm.mail import sealing
from geminicrm.mail.fetching import MailboxKeeper
from geminicrm.members import links
from geminicrm.notifications import raising
from geminicrm.payments.looking import PaymentKeeper
from geminicrm.syncing.running import SyncKeeper
from geminicrm.webhooks.incoming import storing
from geminicrm.webhooks.outgoing import keys as webhook_keys
from geminicrm.webhooks.outgoing.retention import DeliveryKeeper
from marketplace.blob_care import collect_blobs

_SWEEP_SECONDS: Final = 60.0
_COLLECT_SECONDS: Final = 3600.0
_PATIENCE_SECONDS: Final = 5.0
_log = structlog.get_logger(__name__)


class Sweeping:
    """Sweeps at its start, and then every minute, until stopped.

    The first time alone costs tenths of a second, for statements that are compiled then; and where
    much has run out, each minute does.
    """

    def __init__(self, core: Core, care: Care) -> None:
        self._core = core
        self._care = care
        self._mailboxes = MailboxKeeper(core.works, core.mailboxes)
        self._notice_mails = core.members().notice_mails
        self._payments = PaymentKeeper(core.works)
        self._syncs = SyncKeeper(core.works)
        self._webhooks = DeliveryKeeper(core.works)
        self._collected = -_COLLECT_SECONDS
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sweeping", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after what is swept just now, which is not waited for long."""
        self._stop.set()
        self._thread.join(_PATIENCE_SECONDS)

    def _run(self) -> None:
        while not self._stop.is_set():
            for one in self._due():
                if self._stop.is_set():
                    return
                try:
                    one()
                except (SQLAlchemyError, AppError, OSError) as error:
                    _log.warning("it is swept later: database or disk fail it", error=str(error))
            self._stop.wait(_SWEEP_SECONDS)

    def _due(self) -> tuple[Callable[[], object], ...]:
        market, life_cycle = self._core.marketplace, self._core.life_cycle
        each_time = (
            self._rows,
            self._care.sweep,
            market.statistics.count,
            market.moderation.notices.renew,
            life_cycle.quarantine.sweep,
            self._mailboxes.step,
            self._notice_mails.step,
            self._payments.step,
            self._syncs.step,
            self._core.outgoing.hooks.expire,
            self._webhooks.step,
        )
        if time.monotonic() - self._collected < _COLLECT_SECONDS:
            return each_time
        self._collected = time.monotonic()
        return (*each_time, life_cycle.collect, self._blobs, self._old_credentials)

    def _rows(self) -> None:
        with self._core.works.across_workspaces("sweep what ran out", write=True) as work:
            sweep(work)
            raising.sweep(work)
            sealing.sweep(work)
            links.sweep(work)
            call_log.sweep(work)
            webhook_keys.sweep(work)
            storing.sweep(work)

    def _old_credentials(self) -> None:
        with self._core.works.across_workspaces("sweep: old credentials", write=True) as work:
            aging.remind(work)

    def _blobs(self) -> None:
        collect_blobs(self._core.works, self._core.marketplace.blobs)
