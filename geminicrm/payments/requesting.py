"""Asking for payments: checked and stored here, handed to a worker after the commit."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import select

from geminicrm.kernel.errors import Conflict, Finding, NotFound, ValidationFailed
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.jobs.jobs import NewJob, enqueue
from geminicrm.kernel.work import Work
from geminicrm.mail.writing import SEND
from geminicrm.payments.events import PaymentRequested, event_of
from geminicrm.payments.models import ASKING, CANCELED, EXPIRED, FAILED, UNKNOWN, Payment

READ: Final = "read:payments"
REQUEST: Final = "request:payments"
ASKING_KIND: Final = "payments.ask"
KEY_LIFE: Final = timedelta(hours=23)
"""How long a key is surely known: providers forget theirs after a day at the earliest."""
MOST_ATTEMPTS: Final = 12
HEAL_AFTER: Final = timedelta(minutes=2)
_SECONDS: Final = 120
_LONGEST: Final = {"description": 200, "payer_name": 250}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPaymentRequest:
    """A payment to ask for; `related` is the type and the id of its record.

    `amount` is in minor units; `origin` names the lead that it is made for by itself.
    """

    related: tuple[str, str]
    amount: int
    currency: str
    description: str
    payer_email: str = ""
    payer_name: str = ""
    send_mail: bool = True
    origin: str | None = None


def request_payment(work: Work, new: NewPaymentRequest) -> Payment:
    """Store a payment and have it asked for after the commit.

    Raises ScopeMissing (`send:email` too where a mail is to be sent), ValidationFailed.
    """
    work.require(REQUEST)
    if new.send_mail:
        work.require(SEND)
    found = list(_wrong(new))
    if found:
        raise ValidationFailed(found)
    row = Payment(
        id=new_id("pay"),
        workspace_id=work.workspace_id,
        related_type=new.related[0],
        related_id=new.related[1],
        amount_minor=new.amount,
        currency=new.currency,
        description=new.description.strip(),
        payer_email=new.payer_email or None,
        payer_name=new.payer_name,
        send_mail=new.send_mail,
        state=ASKING,
        round=1,
        attempts=0,
        looks=0,
        refunded_minor=0,
        greeted=False,
        origin=new.origin,
        created_by=work.actor.label,
        created_at=work.now,
    )
    work.session.add(row)
    hand_over(work, row)
    work.record(event_of(PaymentRequested, row))
    work.audit("payment.requested", row.id, {"related_id": row.related_id})
    return row


def ask_again(work: Work, payment_id: str) -> Payment:
    """Ask the provider again for a link. Raises NotFound, ScopeMissing, Conflict.

    What may have been made already is asked for with the same key at the same connection, as long
    as the provider knows the key; else a new link is made, and the old one reached nobody.
    """
    work.require(REQUEST)
    row = find_payment(work, payment_id, held=True)
    if row.state not in {FAILED, UNKNOWN, EXPIRED, CANCELED}:
        raise Conflict(f"The payment is {row.state}: a new link is asked for when it has ended.")
    work.audit("payment.asked_again", row.id, {"was": row.state})
    same = row.asked_at is not None and work.now - row.asked_at < KEY_LIFE
    if row.state != UNKNOWN or not same:
        row.round += 1
        row.provider = row.connection_id = row.live = row.asked_at = None
    row.state = ASKING
    row.checkout_id = row.url = row.expires_at = row.error = row.mend = None
    row.paid_minor = row.paid_currency = None
    row.looks = 0
    hand_over(work, row)
    return row


def hand_over(work: Work, row: Payment) -> None:
    """Have a worker ask for the link, and another one look whether that was done."""
    row.next_look_at = work.now + HEAL_AFTER
    new = NewJob(
        kind=ASKING_KIND,
        payload={"payment_id": row.id},
        seconds=_SECONDS,
        max_attempts=MOST_ATTEMPTS,
        unique_key=row.id,
    )
    enqueue(work, new)


def key_of(row: Payment) -> str:
    """Give the idempotency key of the present round."""
    return row.id if row.round == 1 else f"{row.id}.{row.round}"


def find_payment(work: Work, payment_id: str, *, held: bool = False) -> Payment:
    """Give one payment; held, nobody else changes it in this transaction.

    Raises NotFound, ScopeMissing.
    """
    work.require(READ)
    row = locked(work, payment_id) if held else work.session.get(Payment, payment_id)
    if row is None or row.workspace_id != work.workspace_id:
        raise NotFound("payment", payment_id)
    return row


def locked(work: Work, payment_id: str) -> Payment | None:
    """Give one as it is now, and hold it until the end of the transaction."""
    statement = select(Payment).where(Payment.id == payment_id).with_for_update()
    return work.session.scalar(statement, execution_options={"populate_existing": True})


def _wrong(new: NewPaymentRequest) -> Iterator[Finding]:
    if new.amount <= 0:
        yield Finding("/amount", "too_small", "Give an amount above 0.")
    if not new.description.strip() or len(new.description) > _LONGEST["description"]:
        yield Finding("/description", "wrong_value", "Say in 1 to 200 characters what is paid.")
    if len(new.payer_name) > _LONGEST["payer_name"] or not new.payer_name.isprintable():
        yield Finding("/name", "wrong_value", "Give a name of one line, up to 250 characters.")
    if not new.payer_email:
        if new.send_mail:
            message = "Give the address that the link is sent to, or send no mail."
            yield Finding("/email", "missing", message)
        return
    try:
        validate_email(new.payer_email, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        yield Finding("/email", "invalid_email", f"{new.payer_email!r}: {error}")
