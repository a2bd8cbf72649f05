"""A conversation with an IMAP server (RFC 9051): sign in, open a folder, read by UID."""

import contextlib
import imaplib
import socket
import ssl
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any, Final, cast

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import (
    CapabilityError,
    IMAPClientAbortError,
    IMAPClientError,
    LoginError,
)
from typing_extensions import override

from extensions.sdk.service_errors import (
    AuthenticationError,
    RateLimited,
    ServiceError,
    ServiceNotFound,
    ServiceRefused,
    ServiceUnavailable,
)
from extensions.sdk.sockets import SocketsDoor

from .account import MailAccount, Server
from .connecting import opened

STEP_SECONDS: Final = 20.0
_LONGEST_SECONDS: Final = 50.0
_MOST_BYTES: Final = 16 * 1024 * 1024
_MINUTE_SECONDS: Final = 60
_TOO_MANY: Final = ("too many", "throttl", "[limit]", "[overquota]", "rate")
_LATER: Final = ("[unavailable]", "[inuse]", "[serverbug]")


class Wire(imaplib.IMAP4):
    """imaplib over a connection of the core, with a limit to what a server can make it hold."""

    def __init__(self, sock: socket.socket, server: Server) -> None:
        self._given = sock
        super().__init__(server.host, server.port)

    # imaplib asks here for its connection.
    def _create_socket(self, _timeout: float | None = None) -> socket.socket:
        return self._given

    @override
    def read(self, size: int) -> bytes:
        if size > _MOST_BYTES:
            raise self.abort(f"the server announced {size} bytes at once")
        return super().read(size)


class Client(IMAPClient):  # type: ignore[misc] # published without types
    """IMAPClient over a connection of the core."""

    def __init__(self, sock: socket.socket, server: Server) -> None:
        self._given = sock, server
        sock.settimeout(STEP_SECONDS)
        timeout = SocketTimeout(connect=STEP_SECONDS, read=STEP_SECONDS)
        super().__init__(server.host, server.port, use_uid=True, ssl=False, timeout=timeout)
        self.normalise_times = False

    def _create_IMAP4(self) -> Wire:  # noqa: N802 - the name that IMAPClient calls
        return Wire(*self._given)


class _Tls:
    """What IMAPClient takes for a TLS context: the core's, which always checks certificates."""

    def __init__(self, sockets: SocketsDoor, host: str) -> None:
        self._sockets = sockets
        self._host = host

    def wrap_socket(self, sock: socket.socket, server_hostname: str) -> ssl.SSLSocket:
        """Begin TLS; the name is the one that was connected to, whatever is given."""
        del server_hostname
        return self._sockets.encrypt(sock, self._host, seconds=STEP_SECONDS)


class Folder:
    """A folder that is open for reading; nothing in it is changed, not even marked as read."""

    def __init__(self, client: Client, facts: dict[bytes, Any]) -> None:
        self._client = client
        self.validity = int(facts.get(b"UIDVALIDITY", 0))
        self.next_uid = int(facts.get(b"UIDNEXT", 0))
        self.count = int(facts.get(b"EXISTS", 0))

    def search(self, first: int, last: int, since: date | None, *, unseen: bool) -> list[int]:
        """Give the UIDs from `first` to `last` that fit, in order."""
        wanted: list[Any] = ["UID", f"{first}:{last}"]
        wanted += ["SINCE", since] if since is not None else []
        wanted += ["UNSEEN"] if unseen else []
        return sorted(uid for uid in self._client.search(wanted) if first <= uid <= last)

    def facts(self, uids: Sequence[int]) -> dict[int, dict[bytes, Any]]:
        """Give size, time and flags by UID; of those that are still there."""
        return cast(
            "dict[int, dict[bytes, Any]]",
            self._client.fetch(list(uids), ["RFC822.SIZE", "INTERNALDATE", "FLAGS"]),
        )

    def content(self, uid: int, most: int) -> bytes | None:
        """Give the first bytes of a mail, `most` of them; None where it is gone."""
        return self.section(uid, "", 0, most)

    def structure(self, uid: int) -> Any:
        """Give how a mail is made up (BODYSTRUCTURE); () where it is gone."""
        return self._client.fetch([uid], ["BODYSTRUCTURE"]).get(uid, {}).get(b"BODYSTRUCTURE", ())

    def section(self, uid: int, name: str, start: int, most: int) -> bytes | None:
        """Give bytes of a section, `most` of them from `start`; None where it is gone."""
        found = self._client.fetch([uid], [f"BODY.PEEK[{name}]<{start}.{most}>"]).get(uid, {})
        return next((value for key, value in found.items() if key.startswith(b"BODY[")), None)

    def last_uid(self) -> int:
        """Give the highest UID, for servers that do not announce the next one."""
        found = self._client.search(["UID", "*"]) if self.count else []
        return max(found, default=0)


@contextlib.contextmanager
def signed_in(sockets: SocketsDoor, account: MailAccount) -> Iterator[Client]:
    """Give a client that has signed in. Raises ServiceError."""
    server = account.imap
    if server is None:
        raise ServiceRefused(
            "There is no IMAP server, so no mail can be read.",
            mend="Give the IMAP server on the connection's page.",
        )
    with opened(sockets, server, _LONGEST_SECONDS) as sock, _named(server):
        client = Client(sock, server)
        try:
            _encrypt(client, sockets, server)
            _sign_in(client, account)
            yield client
        finally:
            with contextlib.suppress(OSError, IMAPClientError):  # no goodbye changes what was read
                client.shutdown()


def open_folder(client: Client, name: str) -> Folder:
    """Open a folder to read it. Raises ServiceNotFound."""
    try:
        return Folder(client, client.select_folder(name, readonly=True))
    except IMAPClientAbortError:
        raise
    except IMAPClientError as error:
        raise ServiceNotFound(
            f"There is no folder {name!r} to read ({error}).",
            mend="Look up how the mail server names it; the inbox is INBOX.",
        ) from error


def since_day(moment: datetime | None) -> date | None:
    """Give the day for SINCE, which knows no times and no zones: one earlier, to miss nothing."""
    return date.fromordinal(max(moment.date().toordinal() - 1, 1)) if moment else None


def _encrypt(client: Client, sockets: SocketsDoor, server: Server) -> None:
    if server.is_encrypted or server.security == "none":
        return
    if client.has_capability("STARTTLS"):
        client.starttls(_Tls(sockets, server.host))
        client.socket().settimeout(STEP_SECONDS)
    elif not server.may_be_plain:
        raise ServiceRefused(
            f"{server.host}:{server.port} offers no STARTTLS, and no password is sent unencrypted.",
            mend="Choose the port for SSL (993), or have the server offer STARTTLS.",
        )


def _sign_in(client: Client, account: MailAccount) -> None:
    try:
        if client.has_capability("AUTH=PLAIN"):
            client.plain_login(account.username, account.password)
        else:
            client.login(account.username, account.password)
    except LoginError as error:
        if (known := _temporary(str(error))) is not None:
            raise known from error
        raise AuthenticationError(
            f"Signing in for reading: the server answered {str(error)[:300]}",
            mend=account.preset.hint,
        ) from error


def _temporary(text: str) -> ServiceError | None:
    said = text.lower()
    if any(one in said for one in _TOO_MANY):
        return RateLimited(f"The mail server: {text[:300]}", retry_after=_MINUTE_SECONDS)
    if any(one in said for one in _LATER):
        return ServiceUnavailable(f"The mail server: {text[:300]}", retry_after=_MINUTE_SECONDS)
    return None


@contextlib.contextmanager
def _named(server: Server) -> Iterator[None]:
    try:
        yield
    except TimeoutError as error:
        raise ServiceUnavailable(
            f"{server.host}:{server.port} did not answer within {STEP_SECONDS:g} s."
        ) from error
    except CapabilityError as error:
        raise ServiceRefused(f"{server.host}: {error}") from error
    except (IMAPClientError, OSError) as error:
        raise _temporary(str(error)) or ServiceUnavailable(
            f"{server.host}:{server.port} broke off or did not speak IMAP ({error})."
        ) from error
