"""The extension smtp-email: sends and reads mail with any account, by SMTP and IMAP."""

from datetime import datetime

from typing_extensions import override

from extensions.integration_base import IntegrationBase
from extensions.sdk.capabilities.email import DomainCheck, Mail, MailPage, SentMail
from extensions.sdk.connection import Account, Stage

from .operations.account import MailAccount, account_of
from .operations.composing import composed
from .operations.domains import domain_check
from .operations.imap import open_folder, signed_in
from .operations.reading import Wish, page_of
from .operations.smtp import check_sender, conversation, hand_over

_INBOX = "INBOX"


class SmtpEmail(IntegrationBase):
    """Provides the capabilities `email` and `mailbox`."""

    @override
    def test_connection(self) -> Account:
        """Sign in at both servers and ask whether the sender's address is allowed; send nothing."""
        account = self._account()
        with conversation(self.app.sockets, account) as smtp:
            check_sender(smtp, account.from_address)
        server = account.smtp
        stages = [
            Stage(name="send", ok=True, detail=f"Signed in at {server.host}:{server.port}."),
            Stage(name="sender", ok=True, detail=f"May send from {account.from_address}."),
        ]
        if account.imap is not None:
            with signed_in(self.app.sockets, account) as client:
                count = open_folder(client, _INBOX).count
            stages.append(Stage(name="read", ok=True, detail=f"The inbox has {count} mails."))
        return Account(id=account.from_address, label=account.from_address, stages=tuple(stages))

    def send(self, mail: Mail) -> SentMail:
        """Hand a mail over, once."""
        account = self._account()
        whole = composed(mail, account.from_address, self.app.connection.id)
        self.app.limits.take("messages")
        with conversation(self.app.sockets, account) as smtp:
            return hand_over(smtp, whole)

    def check_domain(self, domain: str, selectors: tuple[str, ...] = ()) -> DomainCheck:
        """Look at SPF, DKIM and DMARC of a sending domain."""
        return domain_check(domain, selectors, self._account().preset)

    def fetch(
        self,
        cursor: str = "",
        limit: int = 50,
        folder: str = "",
        since: datetime | None = None,
        unseen: bool = False,  # noqa: FBT001, FBT002 - as the contract has it
    ) -> MailPage:
        """Give mails after a cursor, without marking them as read."""
        name = folder or _INBOX
        wish = Wish(cursor=cursor, limit=limit, folder=name, since=since, unseen=unseen)
        with signed_in(self.app.sockets, self._account()) as client:
            return page_of(open_folder(client, name), wish)

    def _account(self) -> MailAccount:
        return account_of(dict(self.app.settings), self.app.secrets)
