"""API tokens: made once, shown once, kept as a hash."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from geminicrm.identity.actor import PersonActor, scopes_of
from geminicrm.identity.models import ApiToken, Membership, User
from geminicrm.identity.permissions import check_scopes
from geminicrm.kernel.crypto import hash_token, new_secret
from geminicrm.kernel.errors import Finding, NotFound, ValidationFailed
from geminicrm.kernel.generation import AUTH, Generations
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.work import Work

PREFIX = "gck_"
DEFAULT_DAYS = 90


@dataclass(frozen=True)
class NewToken:
    """A token at the one moment it can be shown."""

    id: str
    secret: str
    scopes: frozenset[str]
    expires_at: datetime | None


def create_token(
    work: Work, user_id: str, name: str, scopes: Iterable[str], days: int | None = DEFAULT_DAYS
) -> NewToken:
    """Make a token for a member; ValidationFailed for unknown scopes or more than the role has.

    `days` None means that it does not expire.
    """
    membership = _membership(work, user_id)
    user = work.session.get_one(User, user_id)
    wanted = check_scopes(scopes)
    beyond = sorted(wanted - scopes_of(membership.role, operator=user.is_operator))
    if beyond:
        raise ValidationFailed(
            [Finding("/scopes", "beyond_role", f"the role {membership.role} lacks {beyond}")]
        )
    secret = new_secret(PREFIX)
    token = ApiToken(
        id=new_id("tok"),
        workspace_id=work.workspace_id,
        secret_hash=hash_token(secret),
        user_id=user_id,
        name=name,
        scopes=sorted(wanted),
        created_at=work.now,
        expires_at=work.now + timedelta(days=days) if days else None,
    )
    work.session.add(token)
    work.audit("token.created", token.id, {"name": name, "scopes": token.scopes})
    return NewToken(token.id, secret, wanted, token.expires_at)


def list_tokens(work: Work, user_id: str) -> list[ApiToken]:
    """List a user's tokens, newest first."""
    found = work.session.scalars(
        select(ApiToken).where(ApiToken.user_id == user_id).order_by(ApiToken.id.desc())
    )
    return list(found)


def revoke_token(work: Work, generations: Generations, user_id: str, token_id: str) -> None:
    """End a token of this user; it holds nowhere on this machine from the next request on."""
    token = work.get(ApiToken, token_id, "token")
    if token.user_id != user_id:
        raise NotFound("token", token_id)
    token.revoked_at = work.now
    work.audit("token.revoked", token.id, {"name": token.name})
    generations.bump(work, AUTH)


def actor_of_token(work: Work, secret: str) -> tuple[PersonActor, datetime | None] | None:
    """Find who a bearer token acts for, and when that ends; None where it does not hold."""
    token = work.session.scalar(select(ApiToken).where(ApiToken.secret_hash == hash_token(secret)))
    if token is None or token.revoked_at is not None:
        return None
    if token.expires_at is not None and token.expires_at <= work.now:
        return None
    found = work.session.execute(
        select(User, Membership.role)
        .join(Membership, Membership.user_id == User.id)
        .where(User.id == token.user_id, Membership.workspace_id == token.workspace_id)
    ).one_or_none()
    if found is None or not found[0].is_active:
        return None
    user, role = found
    actor = PersonActor(
        kind="token",
        id=token.id,
        label=f"{user.name} ({token.name})",
        workspace_id=token.workspace_id,
        scopes=frozenset(token.scopes) & scopes_of(role, operator=user.is_operator),
        user_id=user.id,
        role=role,
    )
    return actor, token.expires_at


def _membership(work: Work, user_id: str) -> Membership:
    membership = work.session.scalar(select(Membership).where(Membership.user_id == user_id))
    if membership is None:
        raise NotFound("member", user_id)
    return membership
