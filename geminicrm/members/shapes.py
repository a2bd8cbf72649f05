"""What programs send and get about members and invitations."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from geminicrm.identity.people import Member
from geminicrm.kernel.clock import format_instant
from geminicrm.kernel.errors import Finding, ValidationFailed
from geminicrm.members.invitations import NewInvitation
from geminicrm.members.models import Invitation


class InvitationInput(BaseModel):
    """The body of POST /api/invitations."""

    model_config = ConfigDict(extra="forbid")

    email: Annotated[str, Field(max_length=254)]
    first_name: Annotated[str, Field(max_length=120)] = ""
    role: Annotated[str, Field(max_length=20)] = "member"


class RoleInput(BaseModel):
    """The body of PATCH /api/members/<id>."""

    model_config = ConfigDict(extra="forbid")

    role: Annotated[str, Field(max_length=20)]


def read_invitation(body: Mapping[str, Any]) -> NewInvitation:
    """Give whom a body invites. Raises ValidationFailed with every finding."""
    try:
        given = InvitationInput.model_validate(body)
    except ValidationError as error:
        raise _wrong(error) from None
    return NewInvitation(email=given.email, first_name=given.first_name, role=given.role)


def read_role(body: Mapping[str, Any]) -> str:
    """Give the role that a body names. Raises ValidationFailed."""
    try:
        return RoleInput.model_validate(body).role
    except ValidationError as error:
        raise _wrong(error) from None


def member_shape(one: Member) -> dict[str, Any]:
    """Give a member as programs get it."""
    return {"id": one.id, "email": one.email, "name": one.name, "role": one.role}


def invitation_shape(row: Invitation) -> dict[str, Any]:
    """Give an invitation as programs get it: never with its link."""
    return {
        "id": row.id,
        "email": row.email,
        "first_name": row.first_name,
        "role": row.role,
        "inviter": row.inviter,
        "mail_id": row.mail_id,
        "created_at": format_instant(row.created_at),
        "expires_at": format_instant(row.expires_at),
    }


def _wrong(error: ValidationError) -> ValidationFailed:
    return ValidationFailed(
        Finding("/" + "/".join(map(str, one["loc"])), one["type"], one["msg"])
        for one in error.errors()
    )
