"""Workspaces, users and memberships: made, found, changed."""

from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import select

from geminicrm.identity.models import Membership, User, Workspace
from geminicrm.identity.permissions import ROLES
from geminicrm.identity.sign_in import hash_password
from geminicrm.kernel.errors import Conflict, Finding, NotFound, ValidationFailed
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.work import Work


@dataclass(frozen=True)
class Member:
    """A user as the workspace sees them."""

    id: str
    email: str
    name: str
    role: str


def create_workspace(work: Work, slug: str, name: str) -> Workspace:
    """Make a workspace; Conflict where the slug is taken. Needs a unit across workspaces."""
    if find_workspace(work, slug) is not None:
        raise Conflict(f"There is a workspace {slug!r} already.")
    workspace = Workspace(
        id=new_id("ws"),
        slug=slug,
        name=name,
        time_zone="UTC",
        currency="USD",
        locale="en",
        created_at=work.now,
    )
    work.session.add(workspace)
    work.audit("workspace.created", workspace.id, {"slug": slug}, workspace_id=workspace.id)
    return workspace


def find_workspace(work: Work, slug: str) -> Workspace | None:
    """Find a workspace by its slug."""
    return work.session.scalar(select(Workspace).where(Workspace.slug == slug))


def list_workspaces(work: Work) -> list[Workspace]:
    """List every workspace, oldest first."""
    return list(work.session.scalars(select(Workspace).order_by(Workspace.id)))


def create_user(work: Work, workspace_id: str, email: str, role: str, password: str) -> User:
    """Make a user and their membership; every wrong value is listed. Crosses workspaces.

    Whoever is the first of the whole installation becomes its operator: there is nobody else.
    """
    findings = []
    address = email.strip().lower()
    try:
        validate_email(address, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        findings.append(Finding("/email", "invalid_email", str(error)))
    if role not in ROLES:
        findings.append(Finding("/role", "unknown_role", f"use one of {', '.join(ROLES)}"))
    if findings:
        raise ValidationFailed(findings)
    if work.session.scalar(select(User).where(User.email == address)) is not None:
        raise Conflict(f"There is a user {address} already.")
    user = User(
        id=new_id("usr"),
        email=address,
        name=_name_from(address),
        password_hash=hash_password(password),
        is_active=True,
        is_operator=work.session.scalar(select(User.id).limit(1)) is None,
        created_at=work.now,
    )
    work.session.add(user)
    work.session.flush()
    work.session.add(
        Membership(id=new_id("mem"), workspace_id=workspace_id, user_id=user.id, role=role)
    )
    work.audit("user.created", user.id, {"email": address, "role": role}, workspace_id)
    return user


def list_members(work: Work) -> list[Member]:
    """List the people of this workspace by name."""
    rows = work.session.execute(
        select(User, Membership.role)
        .join(Membership, Membership.user_id == User.id)
        .order_by(User.name, User.id)
    )
    return [Member(user.id, user.email, user.name, role) for user, role in rows]


def is_member(work: Work, user_id: str) -> bool:
    """Tell whether the user belongs to this workspace."""
    found = work.session.scalar(select(Membership.id).where(Membership.user_id == user_id))
    return found is not None


def find_user(work: Work, email: str) -> User:
    """Find a user by address; NotFound otherwise."""
    user = work.session.scalar(select(User).where(User.email == email.strip().lower()))
    if user is None:
        raise NotFound("user", email)
    return user


def _name_from(address: str) -> str:
    words = address.partition("@")[0].replace(".", " ").replace("_", " ").split()
    return " ".join(word.capitalize() for word in words) or address
