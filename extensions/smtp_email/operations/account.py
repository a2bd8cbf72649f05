"""The mail account of a call: servers and sign-in, put together from settings and preset."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from extensions.sdk.service_errors import ServiceRefused

from .presets import CUSTOM, PRESETS, Preset

Security = Literal["auto", "starttls", "ssl", "none"]

_SECURE_SCHEME: Final = "smtps"
_SECURE_PORTS: Final = {"smtp": 465, "imap": 993}
_MEND: Final = "Change it on the connection's page, then test it."


@dataclass(frozen=True, slots=True)
class Server:
    """A mail server and how the way to it is encrypted."""

    host: str
    port: int
    security: Security

    @property
    def is_local(self) -> bool:
        """Whether it runs on this machine, so that nobody can listen on the way."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def is_encrypted(self) -> bool:
        """Whether TLS begins with the connection."""
        return self.security == "ssl"

    @property
    def may_be_plain(self) -> bool:
        """Whether it may be talked to without TLS."""
        return self.is_local and self.security in {"auto", "none"}


@dataclass(frozen=True, slots=True, kw_only=True)
class MailAccount:
    """One account; `imap` is None where mail is only sent."""

    smtp: Server
    imap: Server | None
    username: str
    password: str = field(repr=False)
    from_address: str
    preset: Preset


def account_of(settings: Mapping[str, Any], secrets: Mapping[str, str]) -> MailAccount:
    """Give the account. Raises ServiceRefused where a setting is missing or can't be used."""
    preset = PRESETS.get(str(settings.get("preset") or "custom"), CUSTOM)
    sender = str(settings.get("from_address") or settings.get("username") or "")
    if "@" not in sender:
        raise ServiceRefused("There is no sender's address (From address).", mend=_MEND)
    return MailAccount(
        smtp=_smtp(settings, preset),
        imap=_imap(settings, preset),
        username=str(settings.get("username") or ""),
        password=secrets.get("password", ""),
        from_address=sender,
        preset=preset,
    )


def _smtp(settings: Mapping[str, Any], preset: Preset) -> Server:
    host = str(settings.get("host") or preset.smtp_host)
    port = int(settings.get("port") or preset.smtp_port)
    security = settings.get("security")
    given = str(settings.get("base_url") or "")
    if given:
        return _from_address(given, port, security)
    if not host:
        raise ServiceRefused("There is no SMTP server (Host).", mend=_MEND)
    return _server("smtp", host, port, security)


def _imap(settings: Mapping[str, Any], preset: Preset) -> Server | None:
    host = str(settings.get("imap_host") or preset.imap_host)
    port = int(settings.get("imap_port") or preset.imap_port)
    return _server("imap", host, port, settings.get("imap_security")) if host else None


def _from_address(text: str, usual_port: int, security: Any) -> Server:
    """Read an address such as `smtp://127.0.0.1:2525` or `smtps://mail.example.com`."""
    parts = urlsplit(text if "://" in text else f"smtp://{text}")
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or parts.scheme not in {"smtp", _SECURE_SCHEME}:
        raise ServiceRefused(
            "The server address is not like smtp://mail.example.com:587.", mend=_MEND
        )
    if parts.scheme == _SECURE_SCHEME:
        return Server(host, port or _SECURE_PORTS["smtp"], "ssl")
    return _server("smtp", host, port or usual_port, security)


def _server(protocol: str, host: str, port: int, security: Any) -> Server:
    chosen: Security = security or "auto"
    if chosen == "auto" and port == _SECURE_PORTS[protocol]:
        chosen = "ssl"
    server = Server(host, port, chosen)
    if chosen == "none" and not server.is_local:
        raise ServiceRefused(
            f"{host} is not on this machine, so passwords and mail can't go there unencrypted.",
            mend="Choose STARTTLS or SSL as the encryption.",
        )
    return server
