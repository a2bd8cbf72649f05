"""What programs and forms send to have a mail written."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from extensions.sdk.capabilities.email import Address
from geminicrm.kernel.errors import Finding, ValidationFailed
from geminicrm.mail.writing import NewMail

_Id = Annotated[str, Field(max_length=40)]


class _Address(BaseModel):
    model_config = ConfigDict(extra="forbid")

    email: Annotated[str, Field(max_length=254)]
    name: Annotated[str, Field(max_length=120)] = ""


class MailInput(BaseModel):
    """The body of POST /api/mails; `related_type` and `related_id` go together.

    `answer_to` is the id of a mail that came in: this one joins its thread.
    """

    model_config = ConfigDict(extra="forbid")

    to: list[_Address]
    cc: list[_Address] = []
    bcc: list[_Address] = []
    subject: str
    text: str = ""
    html: str = ""
    related_type: Literal["lead", "contact", "company", "deal"] | None = None
    related_id: _Id | None = None
    connection_id: _Id | None = None
    answer_to: _Id | None = None


class TemplateChange(BaseModel):
    """The body of PATCH /api/mail-templates/<id>, and of POST, which needs all of it."""

    model_config = ConfigDict(extra="forbid")

    name: str = ""
    subject: str = ""
    text: str = ""


def read_template(body: Mapping[str, Any]) -> dict[str, str]:
    """Give what a body says of a template. Raises ValidationFailed with every finding."""
    try:
        return TemplateChange.model_validate(body).model_dump(exclude_unset=True)
    except ValidationError as error:
        raise _refused(error) from None


def read_mail(body: Mapping[str, Any]) -> NewMail:
    """Give the mail that a body asks for. Raises ValidationFailed with every finding."""
    try:
        given = MailInput.model_validate(body)
    except ValidationError as error:
        raise _refused(error) from None
    related = None
    if given.related_type is not None and given.related_id is not None:
        related = (given.related_type, given.related_id)
    to, cc, bcc = (
        tuple(Address(email=one.email.strip(), name=one.name.strip()) for one in each)
        for each in (given.to, given.cc, given.bcc)
    )
    return NewMail(
        to=to,
        cc=cc,
        bcc=bcc,
        subject=given.subject,
        text=given.text,
        html=given.html,
        related=related,
        connection_id=given.connection_id,
        answer_to=given.answer_to or "",
    )


def _refused(error: ValidationError) -> ValidationFailed:
    return ValidationFailed(
        Finding("/" + "/".join(map(str, one["loc"])), one["type"], one["msg"])
        for one in error.errors()
    )


def addresses(text: str) -> list[dict[str, str]]:
    """Read `Ada <ada@example.com>, bob@example.com` as a form has it, one or many to a line."""
    parts = [one.strip() for one in text.replace(";", ",").replace("\n", ",").split(",")]
    return [_address(one) for one in parts if one]


def _address(part: str) -> dict[str, str]:
    name, bracket, rest = part.partition("<")
    if not bracket:
        return {"email": part, "name": ""}
    return {"email": rest.partition(">")[0].strip(), "name": name.strip().strip('"')}
