"""Making clients of the registries that stand in the table."""

import threading
from typing import Final
from urllib.parse import unquote, urlsplit

from geminicrm.kernel.clock import Clock
from geminicrm.kernel.crypto import Cipher
from marketplace.registries.client import DOCUMENT_SECONDS, RegistryClient
from marketplace.registries.errors import RegistryRefused
from marketplace.registries.in_folder import FolderTransport
from marketplace.registries.over_http import HttpTransport
from marketplace.registries.patience import PAGE_SECONDS, Patience, PatientTransport
from marketplace.registries.proving import Known
from marketplace.registries.rows import Facts
from marketplace.registries.transport import HttpDoor, Transport

FILE: Final = "file://"


class Clients:
    """Makes clients; what is remembered of a registry is kept by its id and address."""

    def __init__(self, cipher: Cipher, http: HttpDoor, clock: Clock) -> None:
        self._cipher = cipher
        self._http = http
        self._clock = clock
        self._patience: dict[tuple[str, str | None], Patience] = {}
        self._lock = threading.Lock()

    def transport(self, name: str, url: str, token: str | None) -> Transport:
        """Give the way to an address; `token` in clear."""
        if url.startswith(FILE):
            return FolderTransport(name, path_of(url))
        return HttpTransport(name=name, url=url, token=token, http=self._http)

    def of(self, facts: Facts) -> RegistryClient:
        """Give the client that installs ask; RegistryRefused where no keys are pinned."""
        return RegistryClient(known(facts), self._to(facts), DOCUMENT_SECONDS)

    def for_pages(self, facts: Facts) -> RegistryClient:
        """Give the client that pages ask: quick, or not at all. RegistryRefused as above."""
        patient = PatientTransport(facts.name, self._to(facts), self._patience_of(facts))
        return RegistryClient(known(facts), patient, PAGE_SECONDS)

    def _to(self, facts: Facts) -> Transport:
        token = self._cipher.decrypt(facts.token) if facts.token else None
        return self.transport(facts.name, facts.url or "", token)

    def _patience_of(self, facts: Facts) -> Patience:
        with self._lock:
            return self._patience.setdefault((facts.id, facts.url), Patience(self._clock))


def known(facts: Facts) -> Known:
    """Give whose word is taken; RegistryRefused where no keys are pinned."""
    if facts.pin is None:
        raise RegistryRefused(
            facts.name, "no keys are pinned for it.", "Remove it and add it with its key."
        )
    return Known(facts.id, facts.name, facts.pin)


def path_of(url: str) -> str:
    """Give the folder of a file address."""
    return unquote(urlsplit(url).path)
