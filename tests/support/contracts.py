"""What the contract suites know of the world of a provider: its service, and what arrived there."""

from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from typing import Any, Protocol

from tests.support.certificates import Issued
from tests.support.dovecot import PASSWORD as MAILBOX_PASSWORD
from tests.support.dovecot import Mailbox
from tests.support.mail_app import MailApp
from tests.support.smtp_peer import PASSWORD, USER, SmtpPeer


@dataclass(frozen=True, kw_only=True)
class Arrived:
    """One mail as the service has it, whatever way it came."""

    message_id: str
    recipients: tuple[str, ...]
    subject: str
    text: str
    html: str
    headers: Mapping[str, str]
    files: Mapping[str, bytes]


class EmailWorld(Protocol):
    """A provider of `email`, connected to a service that we can look into."""

    def ask(self, operation: str, **arguments: Any) -> Any:
        """Have an operation done."""

    def arrived(self) -> list[Arrived]:
        """Give what the service took."""

    def refuse(self, email: str) -> None:
        """Have the service refuse a recipient for good."""

    def be_busy(self) -> None:
        """Have the service take no mail just now."""

    def forget_us(self) -> None:
        """Have the service refuse the credentials from now on."""


class MailboxWorld(Protocol):
    """A provider of `mailbox`, connected to a mailbox that we can fill."""

    def fetch(self, **arguments: Any) -> Any:
        """Fetch a page."""

    def put(self, raw: bytes) -> None:
        """Have a mail arrive."""


class SmtpWorld:
    """smtp-email and a real SMTP server."""

    def __init__(self, peer: SmtpPeer, issued: Issued) -> None:
        self.peer = peer
        self._issued = issued
        self._app = self._connected(PASSWORD)

    def ask(self, operation: str, **arguments: Any) -> Any:
        """Have an operation done."""
        return self._app.ask("email", operation, **arguments)

    def arrived(self) -> list[Arrived]:
        """Give what the server took."""
        return [self._arrived(at) for at in range(len(self.peer.mails))]

    def refuse(self, email: str) -> None:
        """Refuse a recipient."""
        self.peer.refusals[email] = "550 5.1.1 No such user"

    def be_busy(self) -> None:
        """Take no mail."""
        self.peer.answer = "451 4.3.2 Come again later"

    def forget_us(self) -> None:
        """Have another password."""
        self._app = self._connected("another one")

    def _connected(self, password: str) -> MailApp:
        account = {"username": USER, "from_address": USER, "base_url": self.peer.url}
        return MailApp(self._issued.authority, password, **account)

    def _arrived(self, at: int) -> Arrived:
        message = self.peer.messages[at]
        bodies = [message.get_body((kind,)) for kind in ("plain", "html")]
        text, html = ("" if one is None else str(one.get_content()) for one in bodies)
        parts = [one for one in message.walk() if one.get_filename()]
        return Arrived(
            message_id=str(message["Message-ID"]),
            recipients=tuple(self.peer.mails[at].rcpt_tos),
            subject=str(message["Subject"]),
            text=text.replace("\r\n", "\n"),
            html=html.replace("\r\n", "\n"),
            headers={name: str(value) for name, value in message.items()},
            files={str(one.get_filename()): _bytes(one) for one in parts},
        )


def _bytes(part: Message) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


class ImapWorld:
    """smtp-email and a real IMAP server."""

    def __init__(self, mailbox: Mailbox, issued: Issued, **changes: Any) -> None:
        self.mailbox = mailbox
        given = {
            "username": mailbox.user,
            "from_address": mailbox.user,
            "host": "127.0.0.1",
            "imap_host": "127.0.0.1",
            "imap_port": mailbox.port,
            "password": MAILBOX_PASSWORD,
            **changes,
        }
        self._app = MailApp(issued.authority, given.pop("password"), **given)

    def fetch(self, **arguments: Any) -> Any:
        """Fetch a page."""
        return self._app.ask("mailbox", "fetch", **arguments)

    def put(self, raw: bytes) -> None:
        """Have a mail arrive."""
        self.mailbox.put(raw)
