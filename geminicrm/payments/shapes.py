"""What programs and forms send to ask for a payment."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from geminicrm.kernel.errors import Finding, ValidationFailed
from geminicrm.kernel.money import parse_amount
from geminicrm.kernel.work import Actor
from geminicrm.payments.records import PaymentRecords
from geminicrm.payments.requesting import NewPaymentRequest


class PaymentInput(BaseModel):
    """The body of POST /api/payments; what is left out is taken from the record."""

    model_config = ConfigDict(extra="forbid")

    related_type: Literal["lead", "deal"]
    related_id: Annotated[str, Field(max_length=40)]
    amount: Annotated[str, Field(max_length=40)] | None = None
    currency: Annotated[str, Field(max_length=3)] | None = None
    description: Annotated[str, Field(max_length=200)] | None = None
    email: Annotated[str, Field(max_length=254)] | None = None
    name: Annotated[str, Field(max_length=250)] | None = None
    send_mail: bool = True


def read_request(
    body: Mapping[str, Any], actor: Actor, records: PaymentRecords
) -> NewPaymentRequest:
    """Give the payment that a body asks for.

    Raises ValidationFailed with every finding, NotFound, ScopeMissing for the record.
    """
    try:
        given = PaymentInput.model_validate(body)
    except ValidationError as error:
        raise ValidationFailed(
            Finding("/" + "/".join(map(str, one["loc"])), one["type"], one["msg"])
            for one in error.errors()
        ) from None
    related = (given.related_type, given.related_id)
    offered = records.suggested(actor, related)
    amount = _or(given.amount, offered.amount)
    currency = _or(given.currency, offered.currency).upper()
    if not amount:
        raise ValidationFailed([Finding("/amount", "missing", "Say how much is to be paid.")])
    return NewPaymentRequest(
        related=related,
        amount=parse_amount(amount, currency),
        currency=currency,
        description=_or(given.description, offered.description),
        payer_email=_or(given.email, offered.email),
        payer_name=_or(given.name, offered.name),
        send_mail=given.send_mail,
    )


def _or(given: str | None, offered: str) -> str:
    return offered if given is None else given.strip()
