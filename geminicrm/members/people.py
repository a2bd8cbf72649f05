"""The members of a workspace: listed, given another role, removed."""

from sqlalchemy import delete, select, update

from geminicrm.identity.models import ApiToken, Membership, SignInSession, User
from geminicrm.identity.people import Member, list_members
from geminicrm.kernel.errors import Conflict, NotFound
from geminicrm.kernel.generation import AUTH, Generations
from geminicrm.kernel.work import Work
from geminicrm.mail.sealing import void
from geminicrm.members.doors_needed import Leaving
from geminicrm.members.models import Invitation
from geminicrm.members.roles import OWNER, RANKS, check_gives, check_touches

READ = "read:users"
MANAGE = "manage:users"


def members(work: Work) -> list[Member]:
    """List the people of the workspace by name. Raises ScopeMissing."""
    work.require(READ)
    return list_members(work)


def find_member(work: Work, user_id: str) -> Member:
    """Give one. Raises ScopeMissing, NotFound."""
    work.require(READ)
    row, user = _found(work, user_id)
    return Member(user.id, user.email, user.name, row.role)


def change_role(work: Work, generations: Generations, user_id: str, role: str) -> Member:
    """Give a member another role, which holds from the next request on.

    Raises ScopeMissing, NotFound, ValidationFailed, Forbidden for a role above the actor's own, and
    Conflict where no owner would be left.
    """
    work.require(MANAGE)
    owners = _owners(work)
    row, user = _found(work, user_id)
    check_touches(work.actor, row.role)
    check_gives(work.actor, role)
    if row.role != role:
        _check_stays(owners, user, "have another role")
        work.audit("member.role_changed", user_id, {"was": row.role, "role": role})
        row.role = role
        _withdraw(work, user_id, RANKS[role])
        generations.bump(work, AUTH)
    return Member(user.id, user.email, user.name, row.role)


def remove_member(work: Work, generations: Generations, leaving: Leaving, user_id: str) -> None:
    """Take somebody out; their sessions, tokens and own connections here end at once.

    Raises ScopeMissing, NotFound, Forbidden, Conflict as `change_role`.
    """
    work.require(MANAGE)
    owners = _owners(work)
    row, user = _found(work, user_id)
    check_touches(work.actor, row.role)
    _check_stays(owners, user, "leave")
    work.session.delete(row)
    work.session.execute(
        delete(SignInSession).where(
            SignInSession.user_id == user_id, SignInSession.workspace_id == work.workspace_id
        )
    )
    work.session.execute(
        update(ApiToken)
        .where(ApiToken.user_id == user_id, ApiToken.revoked_at.is_(None))
        .values(revoked_at=work.now)
        .execution_options(synchronize_session=False)
    )
    leaving.leave(work, user_id)
    _withdraw(work, user_id, -1)
    work.audit("member.removed", user_id, {"email": user.email, "role": row.role})
    generations.bump(work, AUTH)


def _found(work: Work, user_id: str) -> tuple[Membership, User]:
    found = work.session.execute(
        select(Membership, User)
        .join(User, User.id == Membership.user_id)
        .where(Membership.user_id == user_id)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFound("member", user_id)
    return found[0], found[1]


def _owners(work: Work) -> set[str]:
    """Give the owners who can sign in; locked, so that two do not demote each other at once."""
    rows = work.session.execute(
        select(Membership, User.is_active)
        .join(User, User.id == Membership.user_id)
        .where(Membership.role == OWNER)
        .order_by(Membership.id)
        .with_for_update(of=Membership)
    )
    return {row.user_id for row, is_active in rows if is_active}


def _check_stays(owners: set[str], user: User, what: str) -> None:
    if owners == {user.id}:
        raise Conflict(f"{user.name} is the last owner and can't {what}: make another one first.")


def _withdraw(work: Work, user_id: str, rank: int) -> None:
    """Take back open invitations of somebody to roles above a rank that is theirs from now on."""
    rows = work.session.scalars(
        select(Invitation).where(
            Invitation.invited_by == user_id,
            Invitation.accepted_at.is_(None),
            Invitation.revoked_at.is_(None),
        )
    )
    for row in rows:
        if RANKS[row.role] > rank:
            row.revoked_at = work.now
            void(work, row.mail_id, "The invitation was taken back.")
            work.audit("invitation.revoked", row.id, {"email": row.email})
