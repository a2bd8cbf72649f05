"""The address guard: turns a URL into a checked target, or refuses it.

The connection is later made to the addresses checked here, so that a name which answers
differently the second time (DNS rebinding) gains nothing.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import SplitResult, quote, urlsplit

import idna

from geminicrm.kernel.http.address import AllowList, is_mail_port, is_public, is_usual_port
from geminicrm.kernel.http.errors import AddressRefused, ConnectFailed, HttpTimeout
from geminicrm.kernel.http.names import Resolver, look_up, resolve

LOOK_UP_SECONDS = 5.0

_SCHEME_PORTS = {"http": 80, "https": 443}
# Parsers disagree about these characters in a URL, and attackers live in the difference.
_UNSAFE = re.compile(r"[\x00-\x20\x7f\\]")
# A last label made of digits or 0x.. is read as a number by C libraries (0x7f.1, 2130706433).
_NUMERIC_LABEL = re.compile(r"(?:[0-9]+|0x[0-9a-f]*)\Z")
_PATH_SAFE = "/%:@!$&'()*+,;=~-._|"
_MAX_URL = 8192


@dataclass(frozen=True)
class Target:
    """Where a call goes: every address in `addresses` passed the guard."""

    scheme: str
    host: str
    port: int
    path: str
    addresses: tuple[str, ...]

    @property
    def origin(self) -> str:
        """Scheme, host and port: what errors and logs may show."""
        return f"{self.scheme}://{self.host_header}"

    @property
    def host_header(self) -> str:
        """The Host header: the name the caller wrote, with the port where it is not the usual."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _SCHEME_PORTS.get(self.scheme) else f"{host}:{self.port}"


class AddressGuard:
    """Checks URLs before the core calls them; `allow` comes from the operator's settings only."""

    def __init__(
        self,
        allow: Sequence[str] = (),
        resolver: Resolver = resolve,
        own: Callable[[Target], bool] = lambda _target: False,
    ) -> None:
        """`own` tells which addresses are the server's own and may be called wherever they lead."""
        self._allow = AllowList.parse(allow)
        self._resolver = resolver
        self._own = own

    def check(self, url: str, *, https_only: bool = False) -> Target:
        """Give the checked target of a URL.

        AddressRefused where it may not be called, ConnectFailed where its name has no address.
        Asks DNS; use it both when an address is stored and when it is called.
        """
        target = self.parse(url, https_only=https_only)
        return self.pin(target)

    def parse(self, url: str, *, https_only: bool = False) -> Target:
        """Check everything that needs no DNS; the target has no addresses yet."""
        parts = _split(url)
        if https_only and parts.scheme != "https":
            raise AddressRefused("https", "Use an https:// address.", where=parts.scheme)
        host = _host(parts)
        port = _port(parts, host)
        target = Target(parts.scheme, host, port, _path(parts), ())
        if not is_usual_port(port) and not self._allow.opens_pair(host, port):
            raise AddressRefused(
                "port",
                f"Port {port} is not called. Use 80, 443 or a port from 1024 up that is no "
                "database's; the operator may open others in GEMINICRM_EGRESS_ALLOW.",
                where=target.origin,
            )
        return target

    def parse_server(self, host: str, port: int) -> Target:
        """Check the host and port of a mail server as `parse` does; no addresses yet.

        Raises AddressRefused.
        """
        written = f"[{host}]" if ":" in host else host
        if _UNSAFE.search(written) or not re.fullmatch(
            r"\[[0-9a-fA-F:.]+\]|[^\[\]@:/?#]+", written
        ):
            raise AddressRefused("host", f"{host!r} is not a host name.", where="")
        name = _host(SplitResult("tcp", written, "", "", ""))
        target = Target("tcp", name, port, "", ())
        if not is_mail_port(port) and not self._allow.opens_pair(name, port):
            raise AddressRefused(
                "port",
                f"Port {port} is not called. Use one that mail servers have (25, 465, 587, 143, "
                "993, 2525) or one from 1024 up that is no database's.",
                where=target.origin,
            )
        return target

    def pin(self, target: Target, seconds: float = LOOK_UP_SECONDS) -> Target:
        """Resolve the host once and give the target with its addresses, all of them checked."""
        literal = _literal(target.host)
        addresses = [literal] if literal else self._look_up(target, min(seconds, LOOK_UP_SECONDS))
        for address in addresses:
            self._check_address(target, address)
        return replace(target, addresses=tuple(str(address) for address in addresses))

    def _look_up(self, target: Target, seconds: float) -> list[IPv4Address | IPv6Address]:
        try:
            answers = look_up(self._resolver, target.host, target.port, seconds)
            # A zone ("%eth0") belongs to link-local addresses, which are refused without it too.
            addresses = [ip_address(answer.partition("%")[0]) for answer in answers]
        except TimeoutError as error:
            raise HttpTimeout(
                f"The name {target.host!r} was not found within {seconds:g} s. Check the DNS "
                "servers of this machine.",
                where=target.origin,
                stage="resolve",
                sent=False,
            ) from error
        except (OSError, UnicodeError, ValueError) as error:
            raise _no_address(target) from error
        if not addresses:
            raise _no_address(target)
        return addresses

    def _check_address(self, target: Target, address: IPv4Address | IPv6Address) -> None:
        if self._allow.opens_pair(target.host, target.port) or self._allow.opens_address(address):
            return
        if self._own(target):
            return
        if _is_local_name(target.host):
            raise AddressRefused(
                "name",
                f"{target.host!r} names this machine or its inner network. Use a public name, or "
                "ask the operator to list it in GEMINICRM_EGRESS_ALLOW.",
                where=target.origin,
            )
        if not is_public(address):
            raise AddressRefused(
                "address",
                f"{target.host!r} leads to {address}, which is not a public address. Use a public "
                "one, or ask the operator to list it in GEMINICRM_EGRESS_ALLOW.",
                where=target.origin,
            )


def _no_address(target: Target) -> ConnectFailed:
    return ConnectFailed(
        f"The name {target.host!r} has no address. Check its spelling and DNS.",
        where=target.origin,
        sent=False,
    )


def _split(url: str) -> SplitResult:
    if len(url) > _MAX_URL or _UNSAFE.search(url):
        raise AddressRefused(
            "url",
            f"The address has spaces, control characters or backslashes, or more than {_MAX_URL} "
            "characters. Encode them (a space is %20).",
            where="",
        )
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise AddressRefused("url", f"The address can't be read: {error}.", where="") from error
    if parts.scheme not in _SCHEME_PORTS:
        raise AddressRefused("scheme", "Use an http:// or https:// address.", where=parts.scheme)
    if "@" in parts.netloc:
        raise AddressRefused(
            "userinfo",
            "The address holds a user name. Leave it out and send an Authorization header.",
            where=parts.scheme,
        )
    return parts


def _host(parts: SplitResult) -> str:
    written = (parts.hostname or "").rstrip(".")
    if _literal(written) is not None:
        return written
    try:
        host = written if written.isascii() else idna.encode(written, uts46=True).decode("ascii")
    except idna.IDNAError as error:
        raise AddressRefused("host", f"The host can't be read: {error}.", where="") from error
    if not re.fullmatch(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*", host):
        raise AddressRefused("host", f"{written!r} is not a host name.", where=parts.scheme)
    if _NUMERIC_LABEL.match(host.rpartition(".")[2]):
        raise AddressRefused(
            "spelling",
            f"{written!r} is a number in an unusual spelling. Write four decimal numbers.",
            where=parts.scheme,
        )
    return host


def _port(parts: SplitResult, host: str) -> int:
    try:
        port = parts.port
    except ValueError as error:
        raise AddressRefused("port", f"The port of {host!r} is no port.", where=host) from error
    return _SCHEME_PORTS[parts.scheme] if port is None else port


def _path(parts: SplitResult) -> str:
    path = quote(parts.path or "/", safe=_PATH_SAFE)
    return f"{path}?{quote(parts.query, safe=_PATH_SAFE + '?[]')}" if parts.query else path


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    if "%" in host:
        return None
    try:
        return ip_address(host)
    except ValueError:
        return None


def _is_local_name(host: str) -> bool:
    return host in {"localhost", "internal"} or host.endswith((".localhost", ".internal"))
