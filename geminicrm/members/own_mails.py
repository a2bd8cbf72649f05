"""The mails that the CRM itself writes: one function a kind, from templates in text and HTML."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from extensions.sdk.capabilities.email import Address
from geminicrm.kernel.texts import storable
from geminicrm.mail.sealing import INVITATION, PLACEHOLDER, SecretLinks
from geminicrm.mail.writing import NewMail

_TEMPLATES: Final = Path(__file__).resolve().parent / "templates/members/mails"
_SUBJECT: Final = 200
NOTICE: Final = "notice"
RESET: Final = "reset"
VERIFICATION: Final = "verification"


@dataclass(frozen=True, slots=True)
class Secret:
    """A link that opens an account or a workspace, and when it ends."""

    path: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Invited:
    """What an invitation says."""

    email: str
    first_name: str
    workspace: str
    inviter: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a notification says."""

    workspace: str
    title: str
    body: str
    link: str


class OwnMails:
    """Makes them; links lead to the public address of the installation."""

    def __init__(self, public_url: str, links: SecretLinks) -> None:
        self._public_url = public_url.rstrip("/")
        self._links = links
        self._templates = Environment(
            loader=FileSystemLoader(_TEMPLATES),
            autoescape=select_autoescape(enabled_extensions=("html.jinja",), default=False),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def address_of(self, path: str) -> str:
        """Give the whole address of a path of ours."""
        return f"{self._public_url}{path}"

    def invitation(self, one: Invited, secret: Secret) -> NewMail:
        """Ask somebody to join a workspace."""
        to = Address(email=one.email, name=one.first_name)
        return self._made(to, INVITATION, {"one": one, "until": secret.until}, secret)

    def verification(self, to: Address, secret: Secret) -> NewMail:
        """Have somebody prove that an address is theirs."""
        return self._made(to, VERIFICATION, {"until": secret.until}, secret)

    def reset(self, to: Address, secret: Secret) -> NewMail:
        """Let somebody set a new password."""
        return self._made(to, RESET, {"until": secret.until}, secret)

    def welcome(self, to: Address, workspace: str) -> NewMail:
        """Greet a new member."""
        facts = {"workspace": workspace, "address": self.address_of("/")}
        return self._made(to, "welcome", facts)

    def password_changed(self, to: Address) -> NewMail:
        """Tell that a password was changed."""
        return self._made(to, "password", {"address": self.address_of("/forgot-password")})

    def address_change(self, to: Address, new: str, *, done: bool) -> NewMail:
        """Tell the old address that another one is asked for, or counts from now on."""
        facts = {"new": new, "done": done, "address": self.address_of("/account")}
        return self._made(to, "address", facts)

    def notice(self, to: Address, told: Told) -> NewMail:
        """Tell an admin what went wrong."""
        facts = {
            "told": told,
            "address": self.address_of(told.link),
            "settings": self.address_of("/account"),
        }
        return self._made(to, NOTICE, facts)

    def _made(
        self, to: Address, purpose: str, facts: dict[str, Any], secret: Secret | None = None
    ) -> NewMail:
        given = {**facts, "name": to.name, "link": PLACEHOLDER}
        subject, _, text = self._rendered(f"{purpose}.txt.jinja", given).partition("\n")
        return NewMail(
            to=(Address(email=to.email, name=_one_line(to.name)),),
            subject=_one_line(subject),
            text=f"{text.strip()}\n",
            html=self._rendered(f"{purpose}.html.jinja", given),
            purpose=purpose,
            sealed=self._links.seal(self.address_of(secret.path)) if secret else None,
            sealed_until=secret.until if secret else None,
        )

    def _rendered(self, name: str, facts: dict[str, Any]) -> str:
        return self._templates.get_template(name).render(facts)


def _one_line(text: str) -> str:
    """Give a text as a header takes it: what can't be printed, such as a line break, is a space."""
    shown = "".join(one if one.isprintable() else " " for one in text)
    return storable(" ".join(shown.split()), _SUBJECT)
