"""Settling: what a provider says of a checkout becomes what stands at the payment, once."""

from datetime import datetime, timedelta
from typing import Final

from extensions.sdk.capabilities.payment_shapes import Checkout
from geminicrm.kernel.work import Work
from geminicrm.payments.events import PaymentFailed, PaymentPaid, event_of
from geminicrm.payments.mails import PaymentMails, amount_of
from geminicrm.payments.models import EXPIRED, FAILED, OPEN, PAID, UNKNOWN, Payment
from geminicrm.payments.records import PaymentRecords
from geminicrm.payments.requesting import find_payment

FIRST_LOOK: Final = timedelta(minutes=1)
LONGEST_PAUSE: Final = timedelta(hours=1)
LOOKED_AFTER: Final = timedelta(days=14)
"""How long after its end a link is still looked at: a bank may take days to pay."""
_MOST_DOUBLINGS: Final = 6


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
        row.error = row.mend = None
        if checkout.paid:
            self._paid(work, row, checkout)
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

    def _paid(self, work: Work, row: Payment, checkout: Checkout) -> None:
        row.state, row.paid_at, row.next_look_at = PAID, work.now, None
        row.payment_id = checkout.payment_id or None
        row.url = None
        work.record(event_of(PaymentPaid, row))
        work.audit("payment.paid", row.id, {"payment_id": row.payment_id})
        related = (row.related_type, row.related_id)
        self._records.note(work, related, f"Paid: {amount_of(row)} for {row.description}")
        self._mails.paid(work, row)


def next_look(now: datetime, row: Payment) -> datetime | None:
    """Give when to look next: after a minute, then ever later up to an hour; None: no more."""
    if row.expires_at is not None and now > row.expires_at + LOOKED_AFTER:
        return None
    pause = FIRST_LOOK * (1 << min(row.looks, _MOST_DOUBLINGS))
    return now + min(pause, LONGEST_PAUSE)
