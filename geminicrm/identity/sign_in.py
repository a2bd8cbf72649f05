"""Signing in: passwords, the throttle in front of them, sessions."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from werkzeug.security import check_password_hash, generate_password_hash

from geminicrm.identity import throttle
from geminicrm.identity.actor import PersonActor, scopes_of
from geminicrm.identity.models import Membership, SignInSession, User
from geminicrm.identity.throttle import count, forget, refuse_throttled
from geminicrm.kernel.crypto import hash_token, new_secret
from geminicrm.kernel.errors import Finding, ValidationFailed
from geminicrm.kernel.generation import AUTH, Generations
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.work import Work, Works

MIN_PASSWORD = 10
ACCOUNT_FAILURES = 5
ADDRESS_FAILURES = 30
_WRONG = "The e-mail address or the password is wrong."
# Checked when the account is unknown, so that an answer takes as long as with a known one. Made
# beforehand, with the parameters of new hashes: one costs each process some 70 ms.
DECOY = (
    "scrypt:32768:8:1$Jc38xjObBn7yZm06$6bbb378fa2d8013e369339ada9bbd96c36f83424e15eb9ebf6b402f52e48"
    "87d2efb15c6f969152e419f0d23aeaae3f4ddb6e9549c5634f13e62060314e2c3e64"
)


@dataclass(frozen=True)
class Visitor:
    """Where a sign-in comes from."""

    address: str
    user_agent: str


def hash_password(password: str) -> str:
    """Give the scrypt hash; ValidationFailed where the password is too short."""
    if len(password) < MIN_PASSWORD:
        raise ValidationFailed(
            [Finding("/password", "too_short", f"use at least {MIN_PASSWORD} characters")]
        )
    return generate_password_hash(password)


def sign_in(works: Works, email: str, password: str, visitor: Visitor, days: int) -> str:
    """Check the password and open a session; give the secret for the cookie.

    Raises TooManyRequests after repeated failures of the account or the address, and
    ValidationFailed (the same words for every reason) otherwise. The slow hash runs outside of
    any transaction.
    """
    tried = _try(works, email, password, visitor)
    with works.across_workspaces("sign-in: keep the outcome", write=True) as work:
        membership = _first_membership(work, tried.user) if tried.user else None
        if membership is not None:
            forget(work, tried.keys[0])
            return open_session(work, membership, visitor, days)
        count(work, tried.keys)
    raise wrong_password()


def check_password(works: Works, email: str, password: str, visitor: Visitor) -> str:
    """Give the id of the user whose password this is, counting failures. Raises as `sign_in`."""
    tried = _try(works, email, password, visitor)
    with works.across_workspaces("password: keep the outcome", write=True) as work:
        if tried.user is not None:
            forget(work, tried.keys[0])
            return tried.user.id
        count(work, tried.keys)
    raise wrong_password()


def wrong_password() -> ValidationFailed:
    """Give the error that says no more than that it does not fit."""
    return ValidationFailed([Finding("/password", "wrong", _WRONG)], detail=_WRONG)


@dataclass(frozen=True)
class _Tried:
    """What came of a password: the user where it fits and they may sign in."""

    user: User | None
    keys: tuple[str, str]


def _try(works: Works, email: str, password: str, visitor: Visitor) -> _Tried:
    email = email.strip().lower()
    keys = (account_key(email), f"address:{visitor.address}")
    limits = zip(keys, (ACCOUNT_FAILURES, ADDRESS_FAILURES), strict=True)
    with works.across_workspaces("sign-in: find the account") as work:
        refuse_throttled(work, limits)
        user = work.session.scalar(select(User).where(User.email == email))
    matched = check_password_hash(user.password_hash if user else DECOY, password)
    return _Tried(user if user and matched and user.is_active else None, keys)


def account_key(email: str) -> str:
    """Name the counter of an account's failed sign-ins."""
    return f"account:{email}"


def actor_of_session(work: Work, secret: str) -> tuple[PersonActor, datetime] | None:
    """Find who a session cookie acts for, and when it ends; None where it does not hold."""
    found = work.session.execute(
        select(SignInSession, User, Membership.role)
        .join(User, User.id == SignInSession.user_id)
        .join(
            Membership,
            (Membership.user_id == User.id)
            & (Membership.workspace_id == SignInSession.workspace_id),
        )
        .where(SignInSession.secret_hash == hash_token(secret))
    ).one_or_none()
    if found is None:
        return None
    session, user, role = found
    if session.expires_at <= work.now or not user.is_active:
        return None
    actor = PersonActor(
        kind="user",
        id=user.id,
        label=user.name,
        workspace_id=session.workspace_id,
        scopes=scopes_of(role, operator=user.is_operator),
        user_id=user.id,
        role=role,
        session_id=session.id,
    )
    return actor, session.expires_at


def end_sessions(
    work: Work, generations: Generations, user_id: str, *, keep: str | None = None
) -> None:
    """End every session of a user but the one to keep, on every worker at once."""
    work.session.execute(
        delete(SignInSession).where(
            SignInSession.user_id == user_id, SignInSession.id != (keep or "")
        )
    )
    generations.bump(work, AUTH)


def sign_out(work: Work, generations: Generations, session_id: str) -> None:
    """End one session, on every worker at once."""
    session = work.session.get(SignInSession, session_id)
    if session is not None:
        work.session.delete(session)
        work.audit("session.ended", session.user_id, {}, workspace_id=session.workspace_id)
        generations.bump(work, AUTH)


def list_sessions(work: Work, user_id: str) -> list[SignInSession]:
    """List a user's open sessions, newest first."""
    found = work.session.scalars(
        select(SignInSession)
        .where(SignInSession.user_id == user_id, SignInSession.expires_at > work.now)
        .order_by(SignInSession.id.desc())
    )
    return list(found)


def sweep(work: Work) -> None:
    """Drop sessions and attempt counters that ran out."""
    work.session.execute(delete(SignInSession).where(SignInSession.expires_at <= work.now))
    throttle.sweep(work)


def _first_membership(work: Work, user: User) -> Membership | None:
    return work.session.scalar(
        select(Membership).where(Membership.user_id == user.id).order_by(Membership.id)
    )


def open_session(work: Work, membership: Membership, visitor: Visitor, days: int) -> str:
    """Sign a browser in to a workspace; give the secret for the cookie."""
    secret = new_secret("gcs_")
    session = SignInSession(
        id=new_id("ses"),
        secret_hash=hash_token(secret),
        user_id=membership.user_id,
        workspace_id=membership.workspace_id,
        created_at=work.now,
        expires_at=work.now + timedelta(days=days),
        address=visitor.address[:64],
        user_agent=visitor.user_agent[:200],
    )
    work.session.add(session)
    work.audit(
        "session.opened",
        membership.user_id,
        {"address": session.address},
        workspace_id=membership.workspace_id,
    )
    return secret
