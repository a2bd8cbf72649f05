"""Accepting an invitation: as somebody new, or with the account that the address has already."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from extensions.sdk.capabilities.email import Address
from geminicrm.identity.actor import PersonActor
from geminicrm.identity.models import Membership, User, Workspace
from geminicrm.identity.sign_in import Visitor, check_password, hash_password, open_session
from geminicrm.kernel.errors import Conflict, Finding, Forbidden, ValidationFailed
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.work import Work, Works
from geminicrm.mail.writing import write_own_mail
from geminicrm.members.invitations import by_token
from geminicrm.members.models import Invitation
from geminicrm.members.own_mails import OwnMails

_LONGEST_NAME: Final = 120
_KNOWN: Final = "This address has an account by now: open the link again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the page of an invitation shows; `user_id` is who has that address already."""

    workspace_id: str
    workspace: str
    email: str
    first_name: str
    role: str
    inviter: str
    user_id: str | None


class Joining:
    """Turns an invitation into a membership and a session, in one transaction, once."""

    def __init__(self, works: Works, mails: OwnMails, session_days: int) -> None:
        self._works = works
        self._mails = mails
        self._days = session_days

    def look(self, token: str) -> Shown:
        """Give what an invitation says. Raises UnknownLink, Gone."""
        with self._works.across_workspaces("invitations: find one by its link") as work:
            row = by_token(work, token)
            user = _user_of(work, row.email)
            return Shown(
                workspace_id=row.workspace_id,
                workspace=work.session.get_one(Workspace, row.workspace_id).name,
                email=row.email,
                first_name=row.first_name,
                role=row.role,
                inviter=row.inviter,
                user_id=user.id if user else None,
            )

    def as_new(self, token: str, name: str, password: str, visitor: Visitor) -> str:
        """Make the account and join; give the secret of the session.

        Raises UnknownLink, Gone, ValidationFailed, Conflict where the address has an account.
        """
        shown = self.look(token)
        name = " ".join(name.split())
        hashed = _hashed(name, password)
        user_id = new_id("usr")
        with self._works.write(_actor(shown, user_id, name)) as work:
            row = by_token(work, token)
            if _user_of(work, row.email) is not None:
                raise Conflict(_KNOWN)
            user = User(
                id=user_id,
                email=row.email,
                name=name,
                password_hash=hashed,
                is_active=True,
                created_at=work.now,
            )
            try:
                with work.session.begin_nested():
                    work.session.add(user)
            except IntegrityError:  # somebody else took the address between the look and this
                raise Conflict(_KNOWN) from None
            work.audit("user.created", user_id, {"email": row.email, "role": row.role})
            return self._join(work, row, user, visitor)

    def with_password(self, token: str, password: str, visitor: Visitor) -> str:
        """Join with the account of the address. Raises as `as_new`, and TooManyRequests."""
        shown = self.look(token)
        user_id = check_password(self._works, shown.email, password, visitor)
        return self._as_known(token, shown, user_id, visitor)

    def signed_in(self, token: str, user_id: str, visitor: Visitor) -> str:
        """Join as somebody whose browser is signed in. Raises Forbidden for another account."""
        shown = self.look(token)
        if shown.user_id != user_id:
            raise Forbidden("You are signed in with another address than the invited one.")
        return self._as_known(token, shown, user_id, visitor)

    def _as_known(self, token: str, shown: Shown, user_id: str, visitor: Visitor) -> str:
        with self._works.write(_actor(shown, user_id, shown.email)) as work:
            row = by_token(work, token)
            user = work.session.get_one(User, user_id)
            if user.email != row.email or not user.is_active:
                raise Forbidden("The invitation is for another address.")
            return self._join(work, row, user, visitor)

    def _join(self, work: Work, row: Invitation, user: User, visitor: Visitor) -> str:
        membership = work.session.scalar(select(Membership).where(Membership.user_id == user.id))
        if membership is None:
            membership = Membership(
                id=new_id("mem"), workspace_id=row.workspace_id, user_id=user.id, role=row.role
            )
            work.session.add(membership)
            workspace = work.session.get_one(Workspace, row.workspace_id)
            to = Address(email=user.email, name=user.name)
            write_own_mail(work, self._mails.welcome(to, workspace.name))
            work.audit("member.joined", user.id, {"role": row.role, "invitation": row.id})
        row.accepted_at = work.now
        user.email_verified_at = user.email_verified_at or work.now
        work.audit("invitation.accepted", row.id, {"email": row.email})
        return open_session(work, membership, visitor, self._days)


def _hashed(name: str, password: str) -> str:
    found = []
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        message = f"Give your name, up to {_LONGEST_NAME} characters."
        found.append(Finding("/name", "invalid_name", message))
    try:
        hashed = hash_password(password)
    except ValidationFailed as error:
        raise ValidationFailed([*found, *error.findings]) from None
    if found:
        raise ValidationFailed(found)
    return hashed


def _user_of(work: Work, email: str) -> User | None:
    return work.session.scalar(select(User).where(User.email == email))


def _actor(shown: Shown, user_id: str, label: str) -> PersonActor:
    return PersonActor("user", user_id, label, shown.workspace_id, frozenset(), user_id)
