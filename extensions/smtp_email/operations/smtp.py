"""A conversation with an SMTP server: sign in, hand over one mail, know what became of it."""

import base64
import contextlib
import smtplib
import socket
from collections.abc import Iterator
from typing import Final

from extensions.sdk.capabilities.email import SentMail
from extensions.sdk.service_errors import (
    AuthenticationError,
    OutcomeUnknown,
    ServiceRefused,
    ServiceUnavailable,
)
from extensions.sdk.sockets import SocketsDoor

from .account import MailAccount, Server
from .composing import Composed
from .connecting import opened
from .smtp_errors import Reply, all_refused, error_of, refused

STEP_SECONDS: Final = 20.0
_LONGEST_SECONDS: Final = 50.0
_READY: Final = 220
_GO_ON: Final = 334
_START: Final = 354
_END: Final = b".\r\n"
_PIECE: Final = 256 * 1024
_Lost = (OSError, smtplib.SMTPServerDisconnected)


class Conversation(smtplib.SMTP):
    """smtplib over a connection of the core; names itself by address, as mail programs do."""

    def __init__(self, sock: socket.socket, host: str) -> None:
        self._given = sock
        name = sock.getsockname()[0]
        literal = f"[IPv6:{name}]" if ":" in name else f"[{name}]"
        super().__init__(local_hostname=literal, timeout=STEP_SECONDS)
        sock.settimeout(STEP_SECONDS)
        reply = Reply.of(self.connect(host))
        if reply.code != _READY:
            raise error_of(reply, f"Connecting to {host}")

    # smtplib asks here for its connection.
    def _get_socket(self, _host: str, _port: int, _timeout: float) -> socket.socket:
        return self._given

    def secure(self, sockets: SocketsDoor, host: str) -> None:
        """Begin TLS, and forget all that was said before it (RFC 3207, 4.2)."""
        reply = self.ask("STARTTLS")
        if reply.code != _READY:
            raise error_of(reply, "Beginning TLS")
        if self.sock is None:
            raise ServiceUnavailable("The server broke off.")
        self.sock = sockets.encrypt(self.sock, host, seconds=STEP_SECONDS)
        self.sock.settimeout(STEP_SECONDS)
        # Whatever came after the 220 in clear was not the server's: it goes with the old buffer.
        self.file = None
        self.helo_resp = self.ehlo_resp = None
        self.esmtp_features = {}
        self.does_esmtp = False

    def ask(self, command: str, argument: str = "") -> Reply:
        """Send a command and give the reply."""
        return Reply.of(self.docmd(command, argument))

    def greet(self) -> None:
        """Say EHLO. Raises ServiceUnavailable where the server knows none."""
        reply = Reply.of(self.ehlo())
        if not reply.ok:
            raise error_of(reply, "Greeting the server")


@contextlib.contextmanager
def conversation(sockets: SocketsDoor, account: MailAccount) -> Iterator[Conversation]:
    """Give a conversation with an account's server, encrypted and signed in.

    Raises AuthenticationError, ServiceUnavailable, ServiceRefused.
    """
    server = account.smtp
    with (
        opened(sockets, server, _LONGEST_SECONDS) as sock,
        _names_losses(server),
        contextlib.closing(Conversation(sock, server.host)) as smtp,
    ):
        smtp.greet()
        _encrypt(smtp, sockets, server)
        _sign_in(smtp, account)
        yield smtp
        with contextlib.suppress(*_Lost):  # the mail has its answer: a goodbye changes nothing
            smtp.quit()


@contextlib.contextmanager
def _names_losses(server: Server) -> Iterator[None]:
    try:
        yield
    except TimeoutError as error:
        raise ServiceUnavailable(
            f"{server.host}:{server.port} did not answer within {STEP_SECONDS:g} s."
        ) from error
    except (smtplib.SMTPException, OSError) as error:
        raise ServiceUnavailable(
            f"{server.host}:{server.port} broke off or did not speak SMTP ({error})."
        ) from error


def _encrypt(smtp: Conversation, sockets: SocketsDoor, server: Server) -> None:
    if server.is_encrypted or server.security == "none":
        return
    if not smtp.has_extn("starttls"):
        if server.may_be_plain:
            return
        raise ServiceRefused(
            f"{server.host}:{server.port} offers no STARTTLS, and nothing is sent unencrypted.",
            mend="Choose the port for SSL (465), or have the server offer STARTTLS.",
        )
    smtp.secure(sockets, server.host)
    smtp.greet()


def _sign_in(smtp: Conversation, account: MailAccount) -> None:
    if not account.username:
        return
    offered = smtp.esmtp_features.get("auth", "").upper().split()
    if not offered and account.smtp.may_be_plain:
        return  # a relay on this machine that knows its callers by other means
    # Our own exchange: smtplib's takes passwords in ASCII only, and tries every way it knows.
    name = base64.b64encode(account.username.encode()).decode()
    password = base64.b64encode(account.password.encode()).decode()
    if "PLAIN" in offered:
        both = f"\0{account.username}\0{account.password}".encode()
        reply = smtp.ask("AUTH", f"PLAIN {base64.b64encode(both).decode()}")
    elif "LOGIN" in offered:
        reply = smtp.ask("AUTH", "LOGIN")
        reply = smtp.ask(name) if reply.code == _GO_ON else reply
        reply = smtp.ask(password) if reply.code == _GO_ON else reply
    else:
        raise AuthenticationError(
            f"{account.smtp.host} offers no sign-in by password ({' '.join(offered) or 'none'}).",
            mend=account.preset.hint,
        )
    if not reply.ok:
        raise error_of(reply, "Signing in for sending", account.preset.hint)


def check_sender(smtp: Conversation, address: str) -> None:
    """Ask whether the account may send from an address, sending nothing. Raises ServiceError."""
    reply = Reply.of(smtp.mail(address))
    smtp.rset()
    if not reply.ok:
        raise error_of(
            reply,
            f"Sending from {address}",
            "Give a From address that this account may send from.",
        )


def hand_over(smtp: Conversation, mail: Composed) -> SentMail:
    """Hand a mail over, once. Raises ServiceError; OutcomeUnknown where the answer is missing."""
    _begin(smtp, mail)
    replies = [(one, Reply.of(smtp.rcpt(one))) for one in mail.recipients]
    accepted = tuple(one for one, reply in replies if reply.ok)
    if not accepted:
        raise all_refused(replies)
    reply = _data(smtp, mail.content)
    if not reply.ok:
        raise error_of(reply, "The mail was not taken")
    return SentMail(
        message_id=mail.message_id,
        accepted=accepted,
        refused=tuple(refused(one, reply) for one, reply in replies if not reply.ok),
        service_id=reply.text[:200],
    )


def _begin(smtp: Conversation, mail: Composed) -> None:
    most = smtp.esmtp_features.get("size", "")
    if most.isdecimal() and 0 < int(most) < len(mail.content):
        raise ServiceRefused(
            f"The mail has {len(mail.content)} bytes; the server takes {most}.",
            mend="Send fewer or smaller files.",
        )
    if mail.utf8 and not smtp.has_extn("smtputf8"):
        raise ServiceRefused("The server takes no addresses with letters beyond ASCII (SMTPUTF8).")
    reply = Reply.of(smtp.mail(mail.sender, ["SMTPUTF8", "BODY=8BITMIME"] if mail.utf8 else []))
    if not reply.ok:
        raise error_of(
            reply, f"Sending from {mail.sender}", "Send from an address that the account owns."
        )


def _data(smtp: Conversation, content: bytes) -> Reply:
    reply = smtp.ask("DATA")
    if reply.code != _START:
        raise error_of(reply, "The mail was not taken")
    # Until the last line has left, the server has no mail and can't accept one (RFC 5321, 4.1.1.4).
    # In pieces: the time limit of a step is of each, and a large mail takes longer than one.
    whole = memoryview(_stuffed(content))
    for at in range(0, len(whole), _PIECE):
        smtp.send(whole[at : at + _PIECE])
    try:
        smtp.send(_END)
        return Reply.of(smtp.getreply())
    except (smtplib.SMTPException, OSError) as error:
        raise OutcomeUnknown(
            "The server did not say whether it took the mail: the connection ended first.",
            mend="Look into the Sent folder or ask the recipient, then send it again or not.",
        ) from error


def _stuffed(content: bytes) -> bytes:
    """Double the points that begin lines (RFC 5321, 4.5.2) and end the last line."""
    whole = content if content.endswith(b"\r\n") else content + b"\r\n"
    head = b"." if whole.startswith(b".") else b""
    return head + whole.replace(b"\r\n.", b"\r\n..")
