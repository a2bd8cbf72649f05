"""Reading payments, for pages and programs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import func, select

from geminicrm.kernel.clock import format_instant
from geminicrm.kernel.errors import Finding, ValidationFailed
from geminicrm.kernel.money import is_currency, to_decimal_string
from geminicrm.kernel.paging import Page, decode_cursor, encode_cursor
from geminicrm.kernel.work import Work
from geminicrm.mail.models import OutgoingMail
from geminicrm.payments.models import STATES, Payment
from geminicrm.payments.requesting import READ

_SORT: Final = "-id"
_PLAIN: Final = (
    "id", "state", "related_type", "related_id", "currency", "description", "payer_email",
    "payer_name", "send_mail", "provider", "connection_id", "live", "checkout_id", "url",
    "payment_id", "error", "mend", "mail_id", "attempts", "created_by",
)  # fmt: skip
_INSTANTS: Final = ("created_at", "expires_at", "paid_at", "looked_at")


@dataclass(frozen=True, slots=True)
class Listed:
    """One page of payments; `next_cursor` is None on the last."""

    data: list[dict[str, Any]]
    next_cursor: str | None


def list_payments(
    work: Work, page: Page | None = None, *, state: str = "", related_id: str = ""
) -> Listed:
    """Give one page, the latest first. Raises ScopeMissing, ValidationFailed."""
    work.require(READ)
    page = page or Page()
    statement = select(Payment).order_by(Payment.id.desc())
    if state:
        statement = statement.where(Payment.state == _known(state))
    if related_id:
        statement = statement.where(Payment.related_id == related_id)
    if page.cursor is not None:
        (after,) = decode_cursor(page.cursor, _SORT, (str,))
        statement = statement.where(Payment.id < str(after))
    found = list(work.session.scalars(statement.limit(page.limit + 1)))
    rows = found[: page.limit]
    cursor = encode_cursor((rows[-1].id,), _SORT) if len(found) > page.limit else None
    return Listed([shape(row) for row in rows], cursor)


def counts(work: Work) -> Mapping[str, int]:
    """Count the payments of a workspace by state. Raises ScopeMissing."""
    work.require(READ)
    statement = select(Payment.state, func.count()).group_by(Payment.state)
    return {row[0]: row[1] for row in work.session.execute(statement)}


def mails_of(work: Work, payments: Sequence[Mapping[str, Any]]) -> Mapping[str, str]:
    """Give the states of the latest mails about payments, by the mail's id."""
    ids = [one["mail_id"] for one in payments if one["mail_id"]]
    statement = select(OutgoingMail.id, OutgoingMail.state).where(OutgoingMail.id.in_(ids))
    return {row[0]: row[1] for row in work.session.execute(statement)}


def shape(row: Payment) -> dict[str, Any]:
    """Give a payment as programs and pages read it."""
    instants = {name: getattr(row, name) for name in _INSTANTS}
    return {
        **{name: getattr(row, name) for name in _PLAIN},
        "amount": to_decimal_string(row.amount_minor, row.currency),
        "paid": _paid(row),
        "refunded": _refunded(row),
        "automatic": row.origin is not None,
        **{name: format_instant(at) if at else None for name, at in instants.items()},
    }


def _paid(row: Payment) -> dict[str, str] | None:
    """Give what was paid where that is not what was asked for."""
    if row.paid_minor is None or row.paid_currency is None:
        return None
    return {"amount": _decimals(row.paid_minor, row.paid_currency), "currency": row.paid_currency}


def _refunded(row: Payment) -> str | None:
    """Give what was given back so far; None for nothing."""
    return (
        _decimals(row.refunded_minor, row.paid_currency or row.currency)
        if row.refunded_minor
        else None
    )


def _decimals(minor: int, currency: str) -> str:
    """Write an amount; of a currency that we don't know in minor units."""
    return to_decimal_string(minor, currency) if is_currency(currency) else str(minor)


def _known(state: str) -> str:
    if state not in STATES:
        message = f"{state!r} is no state: use one of {', '.join(STATES)}."
        raise ValidationFailed([Finding("/state", "bad_filter", message)])
    return state
