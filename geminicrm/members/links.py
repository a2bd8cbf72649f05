"""Links that were mailed to users: made, found by their token, used once."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import delete, select

from geminicrm.identity.models import User
from geminicrm.kernel.crypto import hash_token, new_secret
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.work import Work
from geminicrm.mail.sealing import void
from geminicrm.members.models import AccountLink
from geminicrm.members.own_mails import RESET, VERIFICATION, Secret
from geminicrm.members.tokens import UnknownLink, check_holds

_KEPT: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Purpose:
    path: str
    prefix: str
    lasts: timedelta
    mend: str


_PURPOSES: Final = {
    RESET: _Purpose(
        path="/reset-password/",
        prefix="gcr_",
        lasts=timedelta(hours=1),
        mend="Ask for a new one on the page Forgot your password.",
    ),
    VERIFICATION: _Purpose(
        path="/verify-email/",
        prefix="gcv_",
        lasts=timedelta(days=1),
        mend="Ask for a new one on the page of your account.",
    ),
}


def issue(
    work: Work, user: User, purpose: str, email: str, link_id: str = ""
) -> tuple[AccountLink, Secret]:
    """Make a link; earlier ones of the same purpose hold no more."""
    kind = _PURPOSES[purpose]
    end_links(work, user.id, purpose)
    token = new_secret(kind.prefix)
    row = AccountLink(
        id=link_id or new_id("acl"),
        user_id=user.id,
        purpose=purpose,
        email=email,
        token_hash=hash_token(token),
        created_at=work.now,
        expires_at=work.now + kind.lasts,
    )
    work.session.add(row)
    return row, Secret(f"{kind.path}{token}", row.expires_at)


def by_token(work: Work, purpose: str, token: str) -> AccountLink:
    """Find the link of a token, locked in a writing unit. Raises UnknownLink, Gone."""
    mend = _PURPOSES[purpose].mend
    row = work.session.scalar(
        select(AccountLink)
        .where(AccountLink.token_hash == hash_token(token), AccountLink.purpose == purpose)
        .with_for_update()
    )
    if row is None:
        raise UnknownLink(f"Nobody was given this link. {mend}")
    ended = "was used, or a newer one took its place" if row.used_at else ""
    check_holds(ended, row.expires_at, work.now, mend)
    return row


def end_links(work: Work, user_id: str, *purposes: str) -> None:
    """Make every open link of these purposes void, those in mails that have not gone out too."""
    rows = work.session.scalars(
        select(AccountLink)
        .where(
            AccountLink.user_id == user_id,
            AccountLink.purpose.in_(purposes),
            AccountLink.used_at.is_(None),
        )
        .order_by(AccountLink.id)
        .with_for_update()
    )
    for row in rows:
        row.used_at = work.now
        void(work, row.mail_id, "The link in it was used, or a newer one took its place.")


def sweep(work: Work) -> None:
    """Delete links that ended long ago."""
    work.session.execute(delete(AccountLink).where(AccountLink.expires_at <= work.now - _KEPT))
