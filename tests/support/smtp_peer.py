"""A real SMTP server on the loopback (aiosmtpd), with sign-in and STARTTLS, that keeps mails."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from typing_extensions import override

from tests.support.certificates import Issued
from tests.support.ports import free_port

USER = "ada@north.example"
PASSWORD = "pässwort of north"


@dataclass
class SmtpPeer:
    """The server; `refusals` are replies by recipient, `answer` is the one to a whole mail."""

    port: int
    mails: list[Envelope] = field(default_factory=list)
    refusals: dict[str, str] = field(default_factory=dict)
    answer: str = "250 2.0.0 OK queued as 1"
    sender_answer: str = "250 OK"

    @property
    def url(self) -> str:
        """Give its address as the setting `base_url` takes it."""
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def messages(self) -> list[EmailMessage]:
        """Give the mails that came, parsed."""
        return [message_from_bytes(self.raw(at), policy=default) for at in range(len(self.mails))]

    def raw(self, at: int) -> bytes:
        """Give one mail as it came."""
        content = self.mails[at].content
        assert isinstance(content, bytes)
        return content

    # What aiosmtpd looks for.

    async def handle_MAIL(  # noqa: N802 - as aiosmtpd calls it
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return self.sender_answer

    async def handle_RCPT(  # noqa: N802 - as aiosmtpd calls it
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        if address in self.refusals:
            return self.refusals[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - as aiosmtpd calls it
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        self.mails.append(envelope)
        return self.answer


class _Server(Controller):
    """Offers SMTPUTF8 and a limit of size; TLS from the start where it is asked for."""

    def __init__(self, peer: SmtpPeer, options: dict[str, Any]) -> None:
        self._options = options
        super().__init__(peer, "127.0.0.1", peer.port, ssl_context=options.pop("ssl_context", None))

    @override
    def factory(self) -> SMTP:
        return SMTP(self.handler, hostname="peer.example", loop=self.loop, **self._options)


def check_password(
    _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: object
) -> AuthResult:
    """Take the one user that there is."""
    assert isinstance(given, LoginPassword)
    fits = (given.login, given.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=fits, handled=False)


@pytest.fixture
def start_smtp(issued: Issued) -> Iterator[Callable[..., SmtpPeer]]:
    """Give `start_smtp(tls="starttls")`: a started server; "ssl" and "none" are the others."""
    started: list[_Server] = []

    def start(tls: str = "starttls", **options: Any) -> SmtpPeer:
        # aiosmtpd warns of a server that demands a sign-in without TLS of its own making.
        plain = {"auth_require_tls": False, "auth_required": False}
        given: dict[str, dict[str, Any]] = {
            "starttls": {"tls_context": issued.context(), "require_starttls": True},
            "ssl": {"ssl_context": issued.context(), **plain},
            "none": plain,
        }
        whole = {
            "authenticator": check_password,
            "auth_required": True,
            "enable_SMTPUTF8": True,
            **given[tls],
            **options,
        }
        peer = SmtpPeer(free_port())
        started.append(_Server(peer, whole))
        started[-1].start()
        return peer

    yield start
    for one in started:
        one.stop()
