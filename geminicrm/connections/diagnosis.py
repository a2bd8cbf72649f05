"""Whether a service can be reached: its name, its port, its encryption, one after another."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final
from urllib.parse import urlsplit

from geminicrm.connections.services import Service
from geminicrm.kernel.http import AddressGuard, HttpFailed, Target
from geminicrm.kernel.http.connect import connect, tls_context
from geminicrm.kernel.http.wire import Deadline

RESOLVE: Final = "resolve"
CONNECT: Final = "connect"
TLS: Final = "tls"
_SECONDS: Final = 10.0
_LAST: Final = 65_535
_BASE: Final = "base_url"
_PORT: Final = "port"
_SCHEMES: Final = ("http", "https")
_MAIL_PORTS: Final = {"smtp": 587, "smtps": 465}


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of a test; `detail` says what was found, or what to do."""

    name: str
    ok: bool
    detail: str


def passed(name: str, detail: str) -> Stage:
    """Give a stage that is as it should be."""
    return Stage(name, ok=True, detail=detail)


def failed(name: str, detail: str) -> Stage:
    """Give a stage behind which none is tried."""
    return Stage(name, ok=False, detail=detail)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a service is: an address for HTTP, or a host with a port for another protocol."""

    url: str
    port: int | None = None


def place_of(service: Service, plain: Mapping[str, Any]) -> Place | None:
    """Give the address that a connection uses, as its values or else its manifest name it.

    None where neither names one: a host like `*.example.com` can't be asked, and which of the hosts
    of a mail integration is meant only that knows.
    """
    named = sorted(
        (one for one in service.fields if one.id in service.host_fields),
        key=lambda one: one.id != _BASE,
    )
    texts = (str(plain.get(one.id) or "").strip() for one in named)
    text = next((one for one in texts if one), "")
    if text:
        return _written(text, plain)
    if any(one.type == "mail" for one in service.ways):
        return None
    host = next((one for one in service.hosts if "*" not in one), None)
    return Place(f"https://{host}/") if host is not None else None


class Diagnosis:
    """Asks only whether somebody is there: no request leaves, no credential is used."""

    def __init__(self, guard: AddressGuard) -> None:
        self._guard = guard
        self._tls = cache(tls_context)

    def stages(self, place: Place) -> Iterator[Stage]:
        """Give the stages up to the first one that fails."""
        target: Target | None = None
        try:
            target = self._pinned(place)
        except HttpFailed as error:
            yield failed(RESOLVE, error.detail)
            return
        yield passed(RESOLVE, f"{target.host} is {', '.join(target.addresses)}.")
        where = f"port {target.port} of {target.host}"
        open_at_all = self._tried(CONNECT, replace(target, scheme="http"), f"{where} is open.")
        yield open_at_all
        if open_at_all.ok and target.scheme == "https":
            yield self._tried(TLS, target, f"The certificate of {target.host} holds.")

    def _pinned(self, place: Place) -> Target:
        target = self._guard.parse(place.url)
        # Ports of mail are no ports of the web: who is asked for here is checked by the address.
        if place.port is not None:
            target = replace(target, port=place.port)
        return self._guard.pin(target, _SECONDS)

    def _tried(self, name: str, target: Target, found: str) -> Stage:
        try:
            connect(target, Deadline(_SECONDS), self._tls).close()
        except HttpFailed as error:
            return failed(name, error.detail)
        return passed(name, found[:1].upper() + found[1:])


def _written(text: str, plain: Mapping[str, Any]) -> Place:
    parts = urlsplit(text)
    if parts.scheme in _SCHEMES:
        return Place(text)
    if parts.scheme in _MAIL_PORTS and parts.netloc:
        host, _, port = parts.netloc.rpartition("@")[2].partition(":")
        return _at(host, port or str(_MAIL_PORTS[parts.scheme]))
    host, _, port = text.partition(":")
    return _at(host, port or str(plain.get(_PORT) or ""))


def _at(host: str, port: str) -> Place:
    """Give a place; what is no port is left to the guard, which says so."""
    if not port:
        return Place(f"https://{host}/")
    number = int(port) if port.isdecimal() else 0
    return (
        Place(f"http://{host}/", number) if 0 < number <= _LAST else Place(f"http://{host}:{port}/")
    )
