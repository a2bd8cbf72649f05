"""Passwords: asked for anew by mail, set by a link, changed by whoever knows the present one."""

from typing import Final

from sqlalchemy import select

from extensions.sdk.capabilities.email import Address
from geminicrm.identity.actor import PersonActor, SystemActor
from geminicrm.identity.models import User, Workspace
from geminicrm.identity.sign_in import (
    Visitor,
    account_key,
    check_password,
    end_sessions,
    hash_password,
)
from geminicrm.identity.throttle import count, forget, refuse_throttled
from geminicrm.kernel.crypto import hash_token
from geminicrm.kernel.errors import Finding, NotFound, TooManyRequests, ValidationFailed
from geminicrm.kernel.generation import Generations
from geminicrm.kernel.jobs.jobs import NewJob, enqueue
from geminicrm.kernel.vault import Vault
from geminicrm.kernel.work import Work, Works
from geminicrm.mail.writing import write_own_mail
from geminicrm.members.homes import Homes, acting
from geminicrm.members.links import by_token, end_links, issue
from geminicrm.members.models import AccountLink
from geminicrm.members.own_mails import RESET, OwnMails
from geminicrm.members.tokens import UnknownLink

RESET_KIND: Final = "members.reset"
ASKED_BY_ADDRESS: Final = 10
ASKED_FOR_ACCOUNT: Final = 3
_WHAT: Final = "email"


class Passwords:
    """What happens to passwords."""

    def __init__(
        self, works: Works, generations: Generations, vault: Vault, mails: OwnMails, homes: Homes
    ) -> None:
        self._works = works
        self._generations = generations
        self._vault = vault
        self._mails = mails
        self._homes = homes

    def ask(self, email: str, visitor: Visitor) -> None:
        """Have a link mailed, where there is such an account; nothing tells whether there is.

        The same happens in both cases: a job is stored, and a worker looks who it is. Raises
        TooManyRequests after too many requests of one address.
        """
        email = email.strip().lower()
        per_address = (f"reset-by:{visitor.address}", ASKED_BY_ADDRESS)
        # The address may be longer than the key; and it is nobody's business who reads the table.
        per_account = (f"reset:{hash_token(email)}", ASKED_FOR_ACCOUNT)
        with self._works.across_workspaces("reset: count requests", write=True) as work:
            refuse_throttled(work, [per_address])
            quiet = _is_throttled(work, per_account)
            count(work, [per_address[0], per_account[0]])
            first = work.session.scalar(select(Workspace.id).order_by(Workspace.id).limit(1))
        if first is None or quiet:
            return
        with self._works.write(SystemActor(first)) as work:
            payload = {"sealed": self._vault.seal({_WHAT: email})}
            enqueue(work, NewJob(kind=RESET_KIND, payload=payload))

    def mail_link(self, link_id: str, sealed: str) -> bool:
        """Write the mail that was asked for, once for each `link_id`; False for nobody."""
        email = self._vault.open(sealed)[_WHAT]
        with self._works.across_workspaces("reset: find the account") as work:
            user = work.session.scalar(select(User).where(User.email == email))
        home = self._homes.of(user.id) if user and user.is_active else None
        if user is None or home is None:
            return False
        with self._works.write(SystemActor(home)) as work:
            if _is_issued(work, link_id):
                return False
            row, secret = issue(work, user, RESET, email, link_id)
            mail = self._mails.reset(_address(user), secret)
            row.mail_id = write_own_mail(work, mail).id
            work.audit("password.reset_asked", user.id, {})
        return True

    def link_for(self, email: str) -> str:
        """Make a link for an operator to hand over. Raises NotFound."""
        with self._works.across_workspaces("reset: find the account") as work:
            user = work.session.scalar(select(User).where(User.email == email.strip().lower()))
        home = self._homes.of(user.id) if user else None
        if user is None or home is None:
            raise NotFound("user", email)
        with self._works.write(SystemActor(home, label="Operator")) as work:
            _row, secret = issue(work, user, RESET, user.email)
            work.audit("password.reset_link_made", user.id, {})
        return self._mails.address_of(secret.path)

    def look(self, token: str) -> str:
        """Give the address of the account of a link. Raises UnknownLink, Gone."""
        with self._works.across_workspaces("reset: find the link") as work:
            return by_token(work, RESET, token).email

    def reset(self, token: str, password: str) -> None:
        """Set the password by a link; every session ends, and a mail tells of it.

        Raises UnknownLink, Gone, ValidationFailed.
        """
        self.look(token)
        hashed = hash_password(password)
        with self._works.across_workspaces("reset: find the link") as work:
            user = work.session.get_one(User, by_token(work, RESET, token).user_id)
        home = self._homes.of(user.id)
        if home is None or not user.is_active:
            raise UnknownLink("This account is not in use any more: ask an admin.")
        with self._works.write(acting(user, home)) as work:
            by_token(work, RESET, token)
            self._set(work, user.id, hashed, keep=None)
            work.audit("password.changed", user.id, {"by": "link"})

    def change(self, actor: PersonActor, present: str, new: str, visitor: Visitor) -> None:
        """Change the own password; every other session ends. Raises as `check_password`."""
        with self._works.read(actor) as work:
            email = work.session.get_one(User, actor.user_id).email
        try:
            check_password(self._works, email, present, visitor)
        except ValidationFailed:
            message = "This is not your present password."
            raise ValidationFailed([Finding("/present", "wrong", message)]) from None
        hashed = hash_password(new)
        with self._works.write(actor) as work:
            self._set(work, actor.user_id, hashed, keep=actor.session_id)
            work.audit("password.changed", actor.user_id, {"by": "user"})

    def _set(self, work: Work, user_id: str, hashed: str, keep: str | None) -> None:
        user = work.session.get_one(User, user_id, populate_existing=True)
        user.password_hash = hashed
        end_links(work, user_id, RESET)
        end_sessions(work, self._generations, user_id, keep=keep)
        forget(work, account_key(user.email))
        write_own_mail(work, self._mails.password_changed(_address(user)))


def _address(user: User) -> Address:
    return Address(email=user.email, name=user.name)


def _is_throttled(work: Work, key: tuple[str, int]) -> bool:
    try:
        refuse_throttled(work, [key])
    except TooManyRequests:
        return True
    return False


def _is_issued(work: Work, link_id: str) -> bool:
    return work.session.get(AccountLink, link_id) is not None
