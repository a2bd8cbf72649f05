"""Word of a provider that a link has changed: the link is read at once, nothing else believed."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import select

from extensions.sdk.webhooks import Changed
from geminicrm.kernel.work import Work
from geminicrm.payments.looking import ask_to_look
from geminicrm.payments.models import PAID, Payment

_CHECKOUT: Final = "checkout"


def noticed(work: Work, connection_id: str, changed: Sequence[Changed]) -> None:
    """Have the payments looked at whose links these are; others are not ours."""
    ids = [one.id for one in changed if one.kind == _CHECKOUT]
    query = select(Payment).where(
        Payment.connection_id == connection_id,
        Payment.checkout_id.in_(ids),
        Payment.state != PAID,
    )
    for row in work.session.scalars(query.order_by(Payment.id).with_for_update()):
        # Due still where a look is under way that began before: the keeper asks for another one.
        row.next_look_at = work.now
        ask_to_look(work, row)
