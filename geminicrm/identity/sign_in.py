"""Signing in: passwords, the throttle in front of them, sessions."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from werkzeug.security import check_password_hash, generate_password_hash

from geminicrm.identity.actor import PersonActor, scopes_of
from geminicrm.identity.models import Membership, SignInAttempts, SignInSession, User
from geminicrm.kernel.crypto import hash_token, new_secret
from geminicrm.kernel.errors import Finding, TooManyRequests, ValidationFailed
from geminicrm.kernel.generation import AUTH, Generations
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.work import Work, Works

MIN_PASSWORD = 10
ACCOUNT_FAILURES = 5
ADDRESS_FAILURES = 30
WINDOW = timedelta(minutes=15)
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
    email = email.strip().lower()
    keys = (
        (f"account:{email}", ACCOUNT_FAILURES),
        (f"address:{visitor.address}", ADDRESS_FAILURES),
    )
    with works.across_workspaces("sign-in: find the account") as work:
        _refuse_throttled(work, keys)
        user = work.session.scalar(select(User).where(User.email == email))
    matched = check_password_hash(user.password_hash if user else DECOY, password)
    with works.across_workspaces("sign-in: keep the outcome", write=True) as work:
        membership = _first_membership(work, user) if user and matched and user.is_active else None
        if membership is not None:
            _forget_failures(work, keys[0][0])
            return _open_session(work, membership, visitor, days)
        _count_failures(work, [key for key, _limit in keys])
    raise ValidationFailed([Finding("/password", "wrong", _WRONG)], detail=_WRONG)


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
    work.session.execute(
        delete(SignInAttempts).where(SignInAttempts.window_started_at <= work.now - WINDOW)
    )


def _first_membership(work: Work, user: User) -> Membership | None:
    return work.session.scalar(
        select(Membership).where(Membership.user_id == user.id).order_by(Membership.id)
    )


def _open_session(work: Work, membership: Membership, visitor: Visitor, days: int) -> str:
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


def _refuse_throttled(work: Work, keys: tuple[tuple[str, int], ...]) -> None:
    for key, limit in keys:
        row = work.session.get(SignInAttempts, key)
        if row is None or row.failures < limit:
            continue
        left = row.window_started_at + WINDOW - work.now
        if left.total_seconds() > 0:
            raise TooManyRequests(
                "Too many failed sign-ins; wait a while, then try again.", left.total_seconds()
            )


def _count_failures(work: Work, keys: list[str]) -> None:
    for key in keys:
        row = work.session.get(SignInAttempts, key, with_for_update=True)
        if row is None:
            work.session.add(SignInAttempts(key=key, failures=1, window_started_at=work.now))
        elif row.window_started_at + WINDOW <= work.now:
            row.failures, row.window_started_at = 1, work.now
        else:
            row.failures += 1


def _forget_failures(work: Work, key: str) -> None:
    work.session.execute(delete(SignInAttempts).where(SignInAttempts.key == key))
