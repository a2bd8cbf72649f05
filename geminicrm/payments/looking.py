"""Looking after links: read again until they are paid or ended, and closed when asked to."""

from typing import Any, Final

import structlog
from sqlalchemy import select

from extensions.sdk.errors import SdkError
from extensions.sdk.service_errors import ServiceError
from geminicrm.identity.actor import SystemActor
from geminicrm.kernel.errors import Conflict
from geminicrm.kernel.jobs.jobs import NewJob, enqueue
from geminicrm.kernel.jobs.kinds import Claimed, Run
from geminicrm.kernel.work import Actor, Work, Works
from geminicrm.payments.doors_needed import Paying
from geminicrm.payments.models import (
    ASKING,
    CANCELED,
    DIFFERS,
    FAILED,
    OPEN,
    PAID,
    UNKNOWN,
    Payment,
)
from geminicrm.payments.requesting import (
    REQUEST,
    find_payment,
    hand_over,
    key_of,
    locked,
)
from geminicrm.payments.settling import LONGEST_PAUSE, Settling, next_look, next_refund_look

LOOKING_KIND: Final = "payments.look"
_SECONDS: Final = 120
_AT_ONCE: Final = 500
_EXPIRED: Final = "expired"
_NOT_CLOSED: Final = "The provider did not close the link: somebody may be paying just now."
_log = structlog.get_logger(__name__)


class Looker:
    """Reads and closes links at the provider that made them, outside of any transaction."""

    def __init__(self, works: Works, paying: Paying, settling: Settling) -> None:
        self._works = works
        self._paying = paying
        self._settling = settling

    def check(self, actor: Actor, payment_id: str) -> None:
        """Look now because somebody asks. Raises NotFound, ScopeMissing, Conflict."""
        with self._works.read(actor) as work:
            work.require(REQUEST)
            row = find_payment(work, payment_id)
            if row.checkout_id is None:
                raise Conflict(f"The payment is {row.state}: there is no link to look at.")
        self.look(actor.workspace_id, payment_id)

    def look(self, workspace_id: str, payment_id: str) -> None:
        """Read a link again and settle; what the provider says instead is kept with the payment."""
        actor = SystemActor(workspace_id)
        with self._works.read(actor) as work:
            row = find_payment(work, payment_id)
        if row.checkout_id is None or row.connection_id is None:
            return
        if row.state == PAID:
            self._look_back(actor, row, row.connection_id)
            return
        try:
            checkout = self._paying.get_checkout(actor, row.connection_id, row.checkout_id)
        except SdkError as error:
            self._note(actor, payment_id, error)
            return
        with self._works.write(actor) as work:
            found = locked(work, payment_id)
            # Another round may have begun meanwhile, with another link.
            if found is not None and found.checkout_id == row.checkout_id:
                _looked(work, found)
                self._settling.settle(work, found, checkout)

    def _look_back(self, actor: Actor, row: Payment, connection_id: str) -> None:
        """Look whether a paid one was given back."""
        if row.payment_id is None:
            return
        try:
            refunds = self._paying.list_refunds(actor, connection_id, row.payment_id)
        except SdkError as error:
            self._note(actor, row.id, error)
            return
        with self._works.write(actor) as work:
            found = find_payment(work, row.id, held=True)
            _looked(work, found)
            self._settling.refunded(work, found, refunds)

    def accept(self, actor: Actor, payment_id: str) -> None:
        """Take as paid what was paid otherwise. Raises NotFound, ScopeMissing, Conflict."""
        with self._works.write(actor) as work:
            work.require(REQUEST)
            self._settling.accept(work, find_payment(work, payment_id, held=True))

    def cancel(self, actor: Actor, payment_id: str) -> None:
        """End a payment, at the provider too. Raises NotFound, ScopeMissing, Conflict.

        Where the provider does not close the link, the payment stays as it is and says why; only
        what is canceled is audited as such.
        """
        with self._works.write(actor) as work:
            work.require(REQUEST)
            row = find_payment(work, payment_id, held=True)
            if row.state not in {ASKING, OPEN, FAILED, UNKNOWN, DIFFERS}:
                raise Conflict(f"The payment is {row.state}: there is nothing to cancel.")
            if row.state != OPEN:
                _end(work, row)
                return
        self._close(actor, row)

    def _close(self, person: Actor, row: Payment) -> None:
        actor = SystemActor(row.workspace_id)
        key, via = f"{key_of(row)}.expire", row.connection_id or ""
        try:
            checkout = self._paying.expire_checkout(actor, via, row.checkout_id or "", key)
        except SdkError as error:
            self._note(actor, row.id, error)
            self.look(row.workspace_id, row.id)  # it may be refused because it is paid
            return
        if checkout.status == _EXPIRED and not checkout.paid:
            with self._works.write(person) as work:
                found = find_payment(work, row.id, held=True)
                if found.state == OPEN and found.checkout_id == row.checkout_id:
                    _end(work, found)
            return
        with self._works.write(actor) as work:
            found = self._settling.settle(work, row, checkout)
            found.error = _NOT_CLOSED if found.state == OPEN else found.error

    def _note(self, actor: Actor, payment_id: str, error: SdkError) -> None:
        with self._works.write(actor) as work:
            row = find_payment(work, payment_id, held=True)
            _looked(work, row)
            row.error = str(error)
            row.mend = error.mend if isinstance(error, ServiceError) else None
            if row.state == OPEN:
                row.next_look_at = next_look(work.now, row)
            elif row.state == PAID:
                row.next_look_at = next_refund_look(work.now, row)


class LookKind:
    """Implements the engine's Kind: looks at one link."""

    name = LOOKING_KIND

    def __init__(self, looker: Looker) -> None:
        self._looker = looker

    def ready(self) -> bool:
        """Give True: a link that can't be read says so for itself."""
        return True

    def run(self, job: Claimed, run: Run) -> dict[str, Any] | None:  # noqa: ARG002 - one call, not interrupted
        """Look."""
        self._looker.look(job.workspace_id, job.payload["payment_id"])
        return None


class PaymentKeeper:
    """Asks for looks whose time has come, and for links that nobody works at any more.

    Any number of workers may do so.
    """

    def __init__(self, works: Works) -> None:
        self._works = works

    def step(self) -> None:
        """Enqueue what is due."""
        with self._works.across_workspaces("payments: what is due") as work:
            due = select(Payment.workspace_id, Payment.id).where(Payment.next_look_at <= work.now)
            found = work.session.execute(due.order_by(Payment.next_look_at).limit(_AT_ONCE)).all()
        for workspace_id, payment_id in found:
            with self._works.write(SystemActor(workspace_id)) as work:
                _ask(work, payment_id)


def _ask(work: Work, payment_id: str) -> None:
    row = locked(work, payment_id)
    if row is None or row.next_look_at is None or row.next_look_at > work.now:
        return
    if row.state == ASKING:
        hand_over(work, row)  # its job is open still, or somebody has to do it anew
        return
    row.next_look_at = work.now + LONGEST_PAUSE
    ask_to_look(work, row)


def ask_to_look(work: Work, row: Payment) -> None:
    """Have a worker look at a link now; where that is asked already, once."""
    new = NewJob(
        kind=LOOKING_KIND,
        payload={"payment_id": row.id},
        seconds=_SECONDS,
        max_attempts=1,  # it comes round again by itself
        unique_key=row.id,
    )
    enqueue(work, new)


def _looked(work: Work, row: Payment) -> None:
    row.looks += 1
    row.looked_at = work.now


def _end(work: Work, row: Payment) -> None:
    work.audit("payment.canceled", row.id, {"was": row.state})
    row.state, row.url, row.error, row.mend, row.next_look_at = CANCELED, None, None, None, None
