"""Settling: what a provider says of a checkout becomes what stands at the payment, once."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from extensions.sdk.capabilities.payment_shapes import Checkout, Money, Refund
from geminicrm.kernel.errors import Conflict
from geminicrm.kernel.work import Work
from geminicrm.payments.events import PaymentFailed, PaymentPaid, event_of
from geminicrm.payments.mails import PaymentMails, amount_of, written
from geminicrm.payments.models import (
    CANCELED,
    DIFFERS,
    EXPIRED,
    FAILED,
    OPEN,
    PAID,
    UNKNOWN,
    Payment,
)
from geminicrm.payments.records import PaymentRecords
from geminicrm.payments.requesting import find_payment

FIRST_LOOK: Final = timedelta(minutes=1)
LONGEST_PAUSE: Final = timedelta(hours=1)
LOOKED_AFTER: Final = timedelta(days=14)
"""How long after its end a link is still looked at: a bank may take days to pay."""
_MOST_DOUBLINGS: Final = 6
REFUNDED_AFTER: Final = timedelta(days=180)
"""How long what was paid is looked at, since it may be given back: as long as Stripe allows."""
_DAY: Final = timedelta(days=1)
DECIDE: Final = (
    "Look at the provider. Accept it as paid here, or give it back there and cancel it here."
)


class Settling:
    """What becomes of payments; each call is within a transaction of its caller."""

    def __init__(self, records: PaymentRecords, mails: PaymentMails) -> None:
        self._records = records
        self._mails = mails

    def opened(self, work: Work, row: Payment, checkout: Checkout) -> None:
        """Store the link that was made, and send it."""
        row.state, row.error, row.mend = OPEN, None, None
        row.checkout_id, row.url = checkout.id, checkout.url
        row.expires_at = checkout.expires_at
        row.next_look_at = work.now + FIRST_LOOK
        if checkout.url:
            self._mails.link(work, row)
        self.settle(work, row, checkout)

    def settle(self, work: Work, payment: Payment, checkout: Checkout) -> Payment:
        """Take over what the provider says now; it may be told any number of times, by anybody.

        The row is held: of several who settle at once one finds it unpaid, and records the event,
        the activity and the mail.
        """
        work.session.flush()
        row = find_payment(work, payment.id, held=True)
        if row.state == PAID:
            return row
        decided = row.state == CANCELED and row.payment_id is not None
        if (decided or row.state == DIFFERS) and not (checkout.paid and _is_whole(row, checkout)):
            return row  # a person decides, or has: looking again changes nothing
        row.error = row.mend = None
        if checkout.paid and _is_whole(row, checkout):
            row.paid_minor = row.paid_currency = None
            row.payment_id = checkout.payment_id or None
            self._paid(work, row)
        elif checkout.paid:
            self._differs(work, row, checkout)
        elif checkout.status == "expired" and row.state in {OPEN, UNKNOWN}:
            row.state, row.url, row.next_look_at = EXPIRED, None, None
        elif row.state == OPEN:
            row.next_look_at = next_look(work.now, row)
        return row

    def failed(self, work: Work, row: Payment, error: str, mend: str) -> None:
        """Note that no link was made, for certain."""
        row.state, row.error, row.mend = FAILED, error, mend
        row.connection_id = row.next_look_at = None
        self._mails.without_link(work, row)
        work.record(event_of(PaymentFailed, row))

    def unknown(self, work: Work, row: Payment, error: str, mend: str) -> None:
        """Note that nobody knows whether a link was made."""
        row.state, row.error, row.mend = UNKNOWN, error, mend
        row.next_look_at = None
        self._mails.without_link(work, row)

    def later(self, work: Work, row: Payment) -> None:
        """Note that the link has to wait."""
        self._mails.later(work, row)

    def accept(self, work: Work, row: Payment) -> None:
        """Take as paid what was paid otherwise than asked for. Raises Conflict."""
        if row.state != DIFFERS:
            raise Conflict(f"The payment is {row.state}: there is nothing to accept.")
        work.audit("payment.accepted", row.id, {"paid": amount_of(row)})
        row.error = row.mend = None
        self._paid(work, row)

    def refunded(self, work: Work, row: Payment, refunds: Sequence[Refund]) -> None:
        """Take over what was given back so far; each change of it stands on the record once."""
        currency = row.paid_currency or row.currency
        done = sum(
            one.money.amount
            for one in refunds
            if one.status == "succeeded" and one.money.currency == currency
        )
        row.error = row.mend = None
        row.next_look_at = next_refund_look(work.now, row)
        if done == row.refunded_minor:
            return
        row.refunded_minor = done
        back = written(done, currency)
        work.audit("payment.refunded", row.id, {"refunded": back})
        subject = f"Given back: {back} of {amount_of(row)} for {row.description}"
        self._records.note(work, (row.related_type, row.related_id), subject)

    def _differs(self, work: Work, row: Payment, checkout: Checkout) -> None:
        """Note that something else was paid: nobody is told that it is paid, a person decides."""
        total, asked = checkout.total, written(row.amount_minor, row.currency)
        row.state, row.next_look_at, row.url = DIFFERS, None, None
        row.payment_id = checkout.payment_id or None
        row.paid_minor = None if total is None else total.amount
        row.paid_currency = None if total is None else total.currency
        paid = "nobody knows how much" if total is None else amount_of(row)
        row.error = f"{asked} was asked for, and {paid} was paid."
        row.mend = DECIDE
        work.audit("payment.differs", row.id, {"asked": asked, "paid": paid})
        subject = f"Paid otherwise than asked: {paid} instead of {asked} for {row.description}"
        self._records.note(work, (row.related_type, row.related_id), subject)

    def _paid(self, work: Work, row: Payment) -> None:
        row.state, row.paid_at, row.url = PAID, work.now, None
        row.next_look_at = next_refund_look(work.now, row)
        work.record(event_of(PaymentPaid, row))
        work.audit("payment.paid", row.id, {"payment_id": row.payment_id})
        related = (row.related_type, row.related_id)
        self._records.note(work, related, f"Paid: {amount_of(row)} for {row.description}")
        self._mails.paid(work, row)


def next_refund_look(now: datetime, row: Payment) -> datetime | None:
    """Give when to look whether it was given back: after a day, then after twice as long each."""
    if row.paid_at is None or row.payment_id is None or now > row.paid_at + REFUNDED_AFTER:
        return None
    return now + max(_DAY, now - row.paid_at)


def _is_whole(row: Payment, checkout: Checkout) -> bool:
    return checkout.total == Money(amount=row.amount_minor, currency=row.currency)


def next_look(now: datetime, row: Payment) -> datetime | None:
    """Give when to look next: after a minute, then ever later up to an hour; None: no more."""
    if row.expires_at is not None and now > row.expires_at + LOOKED_AFTER:
        return None
    pause = FIRST_LOOK * (1 << min(row.looks, _MOST_DOUBLINGS))
    return now + min(pause, LONGEST_PAUSE)
