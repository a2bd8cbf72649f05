"""The call explorer: asks a service something that changes nothing, and shows the answer."""

import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import urlsplit

from extensions.sdk.context import HttpResponse
from extensions.sdk.errors import SdkError
from geminicrm.connections.book import ConnectionBook, require_change
from geminicrm.connections.diagnosis import place_of
from geminicrm.connections.hiding import hiding
from geminicrm.connections.ways import Authentication
from geminicrm.kernel.errors import Finding, ValidationFailed
from geminicrm.kernel.work import Actor

_PLACEHOLDER: Final = re.compile(r"\{([a-z][a-z0-9_]*)\}")
MOST_SHOWN: Final = 16_384


class Reader(Protocol):
    """Asks through a connection, as its integration would; each raises SdkError."""

    def get(self, actor: Actor, connection_id: str, url: str) -> HttpResponse:
        """Send a GET with the credentials of the connection."""
        ...

    def operations(self, actor: Actor, connection_id: str) -> tuple[str, ...]:
        """Name those that change nothing, each as `capability.operation`."""
        ...

    def read(
        self, actor: Actor, connection_id: str, operation: str, arguments: Mapping[str, object]
    ) -> str:
        """Have an operation done; give what came of it as JSON."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An answer for people: no credential is in it. `status` is None where there was no answer."""

    status: int | None
    headers: Mapping[str, str]
    body: str
    cut: bool
    curl: str


class Exploring:
    """Asks a service in the name of whoever looks at a connection."""

    def __init__(self, book: ConnectionBook, reader: Reader) -> None:
        self._book = book
        self._reader = reader

    def get(self, actor: Actor, connection_id: str, path: str) -> Shown:
        """GET a path of the service. Raises NotFound, ScopeMissing, ValidationFailed."""
        url, way, told = self._meant(actor, connection_id, path)
        curl = _curl(url, way)
        try:
            answer = self._reader.get(actor, connection_id, url)
        except SdkError as error:
            return Shown(status=None, headers={}, body=told(str(error)), cut=False, curl=curl)
        text = told(answer.body.decode("utf-8", "replace"))
        return Shown(
            status=answer.status,
            headers={name: told(one) for name, one in answer.headers.items()},
            body=text[:MOST_SHOWN],
            cut=len(text) > MOST_SHOWN,
            curl=curl,
        )

    def operations(self, actor: Actor, connection_id: str) -> tuple[str, ...]:
        """Name what can be asked that changes nothing."""
        return self._reader.operations(actor, connection_id)

    def read(
        self, actor: Actor, connection_id: str, operation: str, arguments: Mapping[str, object]
    ) -> Shown:
        """Have an operation done that changes nothing. Raises as `get`."""
        *_, told = self._meant(actor, connection_id, "/")
        if operation not in self.operations(actor, connection_id):
            message = "Choose one that only reads."
            raise ValidationFailed([Finding("/operation", "unknown_value", message)])
        try:
            text = told(self._reader.read(actor, connection_id, operation, arguments))
        except SdkError as error:
            text = told(f"{error.code}: {error}")
        cut = len(text) > MOST_SHOWN
        return Shown(status=None, headers={}, body=text[:MOST_SHOWN], cut=cut, curl="")

    def _meant(
        self, actor: Actor, connection_id: str, path: str
    ) -> tuple[str, Authentication, Callable[[str], str]]:
        with self._book.works.read(actor) as work:
            row = self._book.get(work, connection_id)
            require_change(work, row.owner_id)
            service = self._book.service_of(work, row)
            told = hiding(self._book, row, service)
            plain = {**self._book.beneath(service).values.plain, **row.config}
        place = place_of(service, plain)
        base = place.url.rstrip("/") if place is not None else ""
        if not path.startswith("/") or path.startswith("//") or urlsplit(path).netloc:
            message = "Write a path of the service, such as /v1/balance."
            raise ValidationFailed([Finding("/path", "no_path", message)])
        return f"{base}{path}", service.way(row.way), told


def _curl(url: str, way: Authentication) -> str:
    """Write the call for a terminal; variables stand for the credentials."""
    words = ["curl", "-s"]
    for one in way.inject:
        if one.place == "header":
            value = _PLACEHOLDER.sub(lambda found: f"${{{found[1].upper()}}}", one.value)
            words += ["-H", f'"{one.name}: {value}"']
    if way.type == "basic":
        words += ["-u", '"' + ":".join(f"${name.upper()}" for name in way.settings[:2]) + '"']
    return " ".join([*words, shlex.quote(url)])
