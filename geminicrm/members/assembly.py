"""What this room is made of; core.py puts it together."""

from dataclasses import dataclass

from geminicrm.kernel.generation import Generations
from geminicrm.kernel.vault import Vault
from geminicrm.kernel.work import Works
from geminicrm.mail.sealing import SecretLinks
from geminicrm.members.addresses import Addresses
from geminicrm.members.doors_needed import Leaving, Senders
from geminicrm.members.homes import Homes
from geminicrm.members.joining import Joining
from geminicrm.members.notice_mails import NotificationMails
from geminicrm.members.own_mails import OwnMails
from geminicrm.members.passwords import Passwords
from geminicrm.members.resetting import ResetKind
from geminicrm.members.tokens import LinkThrottle


@dataclass(frozen=True, slots=True, kw_only=True)
class MembersNeeds:
    """What it stands on."""

    works: Works
    generations: Generations
    vault: Vault
    senders: Senders
    leaving: Leaving
    public_url: str
    session_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """Everything of this room."""

    works: Works
    generations: Generations
    leaving: Leaving
    mails: OwnMails
    joining: Joining
    passwords: Passwords
    addresses: Addresses
    notice_mails: NotificationMails
    throttle: LinkThrottle

    @property
    def kind(self) -> ResetKind:
        """The job of this room."""
        return ResetKind(self.passwords)


def build_members(needs: MembersNeeds) -> Members:
    """Put it together."""
    works = needs.works
    mails = OwnMails(needs.public_url, SecretLinks(needs.vault))
    homes = Homes(works, needs.senders)
    return Members(
        works=works,
        generations=needs.generations,
        leaving=needs.leaving,
        mails=mails,
        joining=Joining(works, mails, needs.session_days),
        passwords=Passwords(works, needs.generations, needs.vault, mails, homes),
        addresses=Addresses(works, mails, homes),
        notice_mails=NotificationMails(works, mails, needs.senders),
        throttle=LinkThrottle(works),
    )
