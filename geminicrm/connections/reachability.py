"""The addresses that people enter at a service, and whether they lead to this server."""

import ipaddress
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from geminicrm.connections.diagnosis import Stage, failed, passed
from geminicrm.connections.services import Service
from geminicrm.connections.ways import Authentication
from geminicrm.kernel.http import HttpClient, HttpFailed, HttpRequest, HttpResponse
from geminicrm.kernel.vault import Vault
from geminicrm.kernel.work import Actor

REDIRECT: Final = "redirect-address"
WEBHOOKS: Final = "webhooks"
PROOF: Final = "reachable"
WebhookPaths = Callable[[Actor, str, str], Sequence[tuple[str, str]]]
"""Gives what to call each address at which a connection takes webhooks, and its path.

It is given who asks and may change the connection, the integration's id, the connection's.
"""
_SECONDS: Final = 10.0
_MOST_BYTES: Final = 4096
_OK: Final = 200


@dataclass(frozen=True, slots=True)
class Entered:
    """One address that is entered at a service; `stage` is its name in a diagnosis."""

    stage: str
    label: str
    url: str
    asked: str


class Reachability:
    """Asks the server's public address for a nonce, by the way that a service would come.

    What answers proves that it has the keys of this installation: another server can't.
    """

    def __init__(
        self, vault: Vault, http: HttpClient, public_url: str, webhooks: WebhookPaths
    ) -> None:
        self._vault = vault
        self._webhooks = webhooks
        self._public_url = public_url.rstrip("/")
        own = _own_machine(self._public_url)
        # Only who tries things out on one machine is called there: nothing else may be.
        self._http = HttpClient([own]) if own else http

    def addresses(
        self,
        service: Service,
        way: Authentication,
        actor: Actor | None = None,
        connection_id: str = "",
    ) -> tuple[Entered, ...]:
        """Give what is entered at a service whose connection signs in by this way.

        Those of webhooks are a connection's own, for an actor who may change it.
        """
        base, name = self._public_url, service.extension_id
        found = []
        if way.type == "oauth2":
            url = f"{base}/integrations/{name}/callback"
            asked = f"{base}/integrations/reachable/"
            found.append(Entered(REDIRECT, "Redirect address", url, asked))
        if service.takes_webhooks and actor is not None:
            asked = f"{base}/api/reachable/"
            for at, (label, path) in enumerate(self._webhooks(actor, name, connection_id)):
                stage = WEBHOOKS if at == 0 else f"{WEBHOOKS}-{at + 1}"
                found.append(Entered(stage, label, f"{base}{path}", asked))
        return tuple(found)

    def proof(self, nonce: str) -> str:
        """Give what only this installation can give for a nonce."""
        return self._vault.seal({PROOF: nonce}) or ""

    def stage(self, entered: Entered) -> Stage:
        """Try whether an address leads here; the detail says what is wrong, and how to mend it."""
        nonce = secrets.token_hex(16)
        request = HttpRequest(
            "GET", entered.asked + nonce, deadline_seconds=_SECONDS, max_bytes=_MOST_BYTES
        )
        try:
            answer = self._http.request(request)
        except HttpFailed as error:
            return failed(entered.stage, f"{error.detail} {_mend(error)}")
        wrong = self._wrong(answer, nonce)
        if wrong:
            return failed(entered.stage, f"{wrong} {_OTHER}")
        return passed(entered.stage, f"{entered.url} leads to this server.")

    def _wrong(self, answer: HttpResponse, nonce: str) -> str:
        where = self._public_url
        if answer.status != _OK:
            return f"{where} answers {answer.status} where this server would answer {_OK}."
        found = self._vault.readable(answer.body.decode("ascii", "replace").strip())
        return "" if found.get(PROOF) == nonce else f"Another server answers at {where}."


_OTHER: Final = (
    "Point GEMINICRM_PUBLIC_URL, its DNS entry and the proxy in front at this server, with every "
    "path passed on as it is."
)
_MENDS: Final = {
    "address_refused": (
        "Services outside can't come to such an address: set GEMINICRM_PUBLIC_URL to a public one."
    ),
    "connect_failed": "Check the DNS entry, that the port is open, and that the server runs.",
    "tls": "Renew the certificate of the proxy in front; it has to be one that everybody knows.",
    "timeout": "Check that a firewall lets it through, and that the server is not overloaded.",
}


def _mend(error: HttpFailed) -> str:
    return _MENDS.get(error.code, _OTHER)


def _own_machine(public_url: str) -> str | None:
    """Give host and port of a public address that is the machine itself; None for any other."""
    parts = urlsplit(public_url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    if host == "localhost":
        return f"{host}:{port}"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    return f"{host}:{port}" if address.is_loopback else None
