"""Invitations: made, sent again with a new link, taken back, found by their link."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError

from geminicrm.identity.models import Membership, User, Workspace
from geminicrm.kernel.crypto import hash_token, new_secret
from geminicrm.kernel.errors import Conflict, Finding, ValidationFailed
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.work import Work
from geminicrm.mail.sealing import void
from geminicrm.mail.writing import write_own_mail
from geminicrm.members.models import Invitation
from geminicrm.members.own_mails import Invited, OwnMails, Secret
from geminicrm.members.people import MANAGE
from geminicrm.members.roles import check_gives
from geminicrm.members.tokens import UnknownLink, check_holds

LASTS: Final = timedelta(days=7)
PREFIX: Final = "gci_"
PATH: Final = "/accept-invitation/"
_LONGEST_NAME: Final = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class NewInvitation:
    """Whom to invite."""

    email: str
    first_name: str = ""
    role: str = "member"


def invite(work: Work, mails: OwnMails, new: NewInvitation) -> Invitation:
    """Invite somebody by mail.

    Raises ScopeMissing, ValidationFailed, Forbidden for a role above the actor's own, and Conflict
    where they are a member or invited already.
    """
    work.require(MANAGE)
    email = _checked(new)
    check_gives(work.actor, new.role)
    _check_free(work, email)
    row = Invitation(
        id=new_id("inv"),
        workspace_id=work.workspace_id,
        email=email,
        first_name=new.first_name.strip(),
        role=new.role,
        created_at=work.now,
        inviter=_inviter(work),
        invited_by=getattr(work.actor, "user_id", None),
    )
    _send(work, mails, row)
    try:
        with work.session.begin_nested():
            work.session.add(row)
    except IntegrityError as error:
        raise Conflict(f"{email} was invited just now by somebody else.") from error
    work.audit("invitation.created", row.id, {"email": email, "role": row.role})
    return row


def resend(work: Work, mails: OwnMails, invitation_id: str) -> Invitation:
    """Send one again with a new link; the old link holds no more. Raises as `revoke`."""
    row = _open_one(work, invitation_id)
    check_gives(work.actor, row.role)
    void(work, row.mail_id, "The invitation was sent again with a new link.")
    row.inviter, row.invited_by = _inviter(work), getattr(work.actor, "user_id", None)
    _send(work, mails, row)
    work.audit("invitation.resent", row.id, {"email": row.email})
    return row


def revoke(work: Work, invitation_id: str) -> None:
    """Take an open invitation back. Raises ScopeMissing, NotFound, Conflict where it has ended."""
    row = _open_one(work, invitation_id)
    row.revoked_at = work.now
    void(work, row.mail_id, "The invitation was taken back.")
    work.audit("invitation.revoked", row.id, {"email": row.email})


def open_invitations(work: Work) -> list[Invitation]:
    """List those that nobody has accepted or taken back, the latest first. Raises ScopeMissing."""
    work.require(MANAGE)
    return list(work.session.scalars(_open().order_by(Invitation.id.desc())))


def by_token(work: Work, token: str) -> Invitation:
    """Find the invitation of a link, locked in a writing unit. Raises UnknownLink, Gone."""
    row = work.session.scalar(
        select(Invitation).where(Invitation.token_hash == hash_token(token)).with_for_update()
    )
    if row is None:
        raise UnknownLink(
            "Nobody was given this link, or a newer one replaced it. Open the link of the latest "
            "mail, or ask whoever invited you for a new one."
        )
    used = "was used already" if row.accepted_at else ""
    ended = used or ("was taken back" if row.revoked_at else "")
    mend = "Sign in." if used else f"Ask {row.inviter} for a new invitation."
    check_holds(ended, row.expires_at, work.now, mend)
    return row


def _open_one(work: Work, invitation_id: str) -> Invitation:
    work.require(MANAGE)
    row = work.get(Invitation, invitation_id, "invitation")
    if row.accepted_at or row.revoked_at:
        raise Conflict("The invitation was accepted or taken back: invite anew.")
    return row


def _send(work: Work, mails: OwnMails, row: Invitation) -> None:
    token = new_secret(PREFIX)
    row.token_hash = hash_token(token)
    row.expires_at = work.now + LASTS
    workspace = work.session.get_one(Workspace, work.workspace_id)
    said = Invited(
        email=row.email,
        first_name=row.first_name,
        workspace=workspace.name,
        inviter=row.inviter,
        role=row.role,
    )
    mail = mails.invitation(said, Secret(f"{PATH}{token}", row.expires_at))
    row.mail_id = write_own_mail(work, mail).id


def _checked(new: NewInvitation) -> str:
    email = new.email.strip().lower()
    found = []
    try:
        validate_email(email, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        found.append(Finding("/email", "invalid_email", str(error)))
    if len(new.first_name) > _LONGEST_NAME or not new.first_name.isprintable():
        message = f"Give a name of one line, up to {_LONGEST_NAME} characters."
        found.append(Finding("/first_name", "invalid_name", message))
    if found:
        raise ValidationFailed(found)
    return email


def _check_free(work: Work, email: str) -> None:
    member = select(Membership).join(User, User.id == Membership.user_id).where(User.email == email)
    if work.session.scalar(member) is not None:
        raise Conflict(f"{email} is a member already.")
    row = work.session.scalar(_open().where(Invitation.email == email))
    if row is not None and row.expires_at > work.now:
        raise Conflict(f"{email} is invited already: send that invitation again.")
    if row is not None:
        row.revoked_at = work.now
        work.session.flush()  # the new one takes its place in the index of open ones


def _open() -> Select[Invitation]:
    return select(Invitation).where(
        Invitation.accepted_at.is_(None), Invitation.revoked_at.is_(None)
    )


def _inviter(work: Work) -> str:
    user_id = getattr(work.actor, "user_id", None)
    user = work.session.get(User, user_id) if user_id else None
    return user.name if user else work.actor.label
