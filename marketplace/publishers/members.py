"""Who belongs to a publisher: owners look after it, maintainers publish."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from geminicrm.identity.models import User
from geminicrm.identity.people import find_user
from geminicrm.kernel.clock import format_instant
from geminicrm.kernel.errors import Conflict, Finding, NotFound, ValidationFailed
from geminicrm.kernel.work import Actor, Work, Works
from marketplace.publishers.access import belonging, owned, person
from marketplace.publishers.acting import OWNER, ROLES
from marketplace.publishers.models import PublisherMember, PublisherRow

MOST_MEMBERS = 50


@dataclass(frozen=True, kw_only=True)
class MemberView:
    """A member as other members see them."""

    user_id: str
    name: str
    email: str
    role: str
    added_at: datetime

    def to_dict(self) -> dict[str, Any]:
        """Give the members that programs get."""
        return {
            "user_id": self.user_id,
            "name": self.name,
            "email": self.email,
            "role": self.role,
            "added_at": format_instant(self.added_at),
        }


class PublisherMembers:
    """Adds and removes the members of publishers."""

    def __init__(self, works: Works) -> None:
        self._works = works

    def list(self, actor: Actor, slug: str) -> list[MemberView]:
        """Give every member by name; for members. NotAMember."""
        with self._works.read(actor) as work:
            row, _ = belonging(work, slug)
            statement = (
                select(User, PublisherMember)
                .join(PublisherMember, PublisherMember.user_id == User.id)
                .where(PublisherMember.publisher_id == row.id)
                .order_by(User.name, User.id)
            )
            return [_view(*pair) for pair in work.session.execute(statement)]

    def add(self, actor: Actor, slug: str, email: str, role: str) -> MemberView:
        """Add a user of this installation, or change their role; for owners.

        NotAMember, NotFound, ValidationFailed; Conflict where no owner would be left.
        """
        if role not in ROLES:
            message = f"use one of {', '.join(ROLES)}"
            raise ValidationFailed([Finding("/role", "unknown_role", message)])
        with self._works.write(actor) as work:
            row = owned(work, slug)
            user = _user(work, email)
            member = work.session.get(PublisherMember, (row.id, user.id))
            if member is None:
                member = _new(work, row, user, role)
            elif role != OWNER:
                _keep_an_owner(work, member)
            member.role = role
            work.session.flush()
            work.audit("publisher.member_added", row.id, {"user": user.id, "role": role})
            return _view(user, member)

    def remove(self, actor: Actor, slug: str, user_id: str) -> None:
        """Take somebody out; owners anybody, everybody themselves.

        Their tokens publish nothing any more. NotAMember, NotFound; Conflict for the last owner.
        """
        with self._works.write(actor) as work:
            leaving = person(work) == user_id
            row = belonging(work, slug)[0] if leaving else owned(work, slug)
            member = work.session.get(PublisherMember, (row.id, user_id))
            if member is None:
                raise NotFound("member", user_id)
            _keep_an_owner(work, member)
            work.session.delete(member)
            work.audit("publisher.member_removed", row.id, {"user": user_id})


def _user(work: Work, email: str) -> User:
    try:
        return find_user(work, email)
    except NotFound:
        message = f"Nobody of this installation has the address {email!r}."
        raise ValidationFailed([Finding("/email", "unknown_user", message)]) from None


def _new(work: Work, row: PublisherRow, user: User, role: str) -> PublisherMember:
    here = select(func.count()).where(PublisherMember.publisher_id == row.id)
    if (work.session.scalar(here) or 0) >= MOST_MEMBERS:
        raise Conflict(f"A publisher has at most {MOST_MEMBERS} members.")
    member = PublisherMember(publisher_id=row.id, user_id=user.id, role=role, added_at=work.now)
    work.session.add(member)
    return member


def _keep_an_owner(work: Work, member: PublisherMember) -> None:
    # Locked, so that two owners who leave at once don't both see the other one stay.
    owners = (
        select(PublisherMember)
        .where(PublisherMember.publisher_id == member.publisher_id, PublisherMember.role == OWNER)
        .order_by(PublisherMember.user_id)
        .with_for_update()
    )
    others = [one for one in work.session.scalars(owners) if one.user_id != member.user_id]
    if member.role == OWNER and not others:
        raise Conflict("The last owner can't leave: make somebody else an owner first.")


def _view(user: User, member: PublisherMember) -> MemberView:
    return MemberView(
        user_id=user.id,
        name=user.name,
        email=user.email,
        role=member.role,
        added_at=member.added_at,
    )
