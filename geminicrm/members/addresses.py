"""E-mail addresses of users: a new one counts when it is proved, and the old one is told."""

from typing import Final

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from extensions.sdk.capabilities.email import Address
from geminicrm.identity.actor import PersonActor
from geminicrm.identity.models import User
from geminicrm.identity.sign_in import Visitor, check_password
from geminicrm.kernel.errors import Conflict, Finding, Gone, ValidationFailed
from geminicrm.kernel.work import Work, Works
from geminicrm.mail.writing import write_own_mail
from geminicrm.members.homes import Homes, acting
from geminicrm.members.links import by_token, end_links, issue
from geminicrm.members.models import AccountLink
from geminicrm.members.own_mails import RESET, VERIFICATION, OwnMails

_TAKEN: Final = "This address can't be used any more: choose another one."


class Addresses:
    """Changes and proves addresses."""

    def __init__(self, works: Works, mails: OwnMails, homes: Homes) -> None:
        self._works = works
        self._mails = mails
        self._homes = homes

    def ask(self, actor: PersonActor, new: str, password: str, visitor: Visitor) -> None:
        """Mail a link to the new address and tell the old one.

        An address that somebody else has gets no link, which nobody is told. Raises as
        `check_password`, and ValidationFailed for what is no address.
        """
        email = _checked(new)
        with self._works.read(actor) as work:
            old = work.session.get_one(User, actor.user_id).email
        try:
            check_password(self._works, old, password, visitor)
        except ValidationFailed:
            message = "This is not your password."
            raise ValidationFailed([Finding("/password", "wrong", message)]) from None
        with self._works.write(actor) as work:
            user = work.session.get_one(User, actor.user_id)
            if not _taken(work, email, user.id):
                self._send(work, user, email)
            told = self._mails.address_change(_address(user), email, done=False)
            write_own_mail(work, told)
            work.audit("email.change_asked", user.id, {"email": email})

    def verify_present(self, actor: PersonActor) -> None:
        """Mail a link to the present address, to prove it. Raises Conflict where it is proved."""
        with self._works.write(actor) as work:
            user = work.session.get_one(User, actor.user_id)
            if user.email_verified_at is not None:
                raise Conflict("Your address is confirmed already.")
            self._send(work, user, user.email)
            work.audit("email.verification_asked", user.id, {})

    def look(self, token: str) -> str:
        """Give the address that a link proves. Raises UnknownLink, Gone."""
        with self._works.across_workspaces("address: find the link") as work:
            return by_token(work, VERIFICATION, token).email

    def confirm(self, token: str) -> str:
        """Have the address count; give it. Raises UnknownLink, Gone."""
        with self._works.across_workspaces("address: find the link") as work:
            found = by_token(work, VERIFICATION, token)
            user = work.session.get_one(User, found.user_id)
        home = self._homes.of(user.id)
        if home is None:
            raise Gone("This account belongs to no workspace any more: ask an admin.")
        with self._works.write(acting(user, home)) as work:
            return self._count(work, by_token(work, VERIFICATION, token))

    def _count(self, work: Work, link: AccountLink) -> str:
        user = work.session.get_one(User, link.user_id, populate_existing=True)
        old = _address(user)
        try:
            if _taken(work, link.email, user.id):
                raise Gone(_TAKEN)
            with work.session.begin_nested():
                user.email, user.email_verified_at = link.email, work.now
        except IntegrityError:  # somebody else confirmed it between the look and the change
            raise Gone(_TAKEN) from None
        # Links for a new password that lie in the old mailbox must not open the account.
        end_links(work, user.id, VERIFICATION, RESET)
        if old.email != user.email:
            told = self._mails.address_change(old, user.email, done=True)
            write_own_mail(work, told)
        work.audit("email.verified", user.id, {"was": old.email, "email": user.email})
        return user.email

    def _send(self, work: Work, user: User, email: str) -> None:
        row, secret = issue(work, user, VERIFICATION, email)
        mail = self._mails.verification(Address(email=email, name=user.name), secret)
        row.mail_id = write_own_mail(work, mail).id


def _checked(email: str) -> str:
    email = email.strip().lower()
    try:
        validate_email(email, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise ValidationFailed([Finding("/email", "invalid_email", str(error))]) from None
    return email


def _address(user: User) -> Address:
    return Address(email=user.email, name=user.name)


def _taken(work: Work, email: str, user_id: str) -> bool:
    found = work.session.scalar(select(User.id).where(User.email == email, User.id != user_id))
    return found is not None
