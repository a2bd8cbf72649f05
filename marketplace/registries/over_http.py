"""A registry over HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from geminicrm.kernel.http import HttpFailed, HttpRequest
from marketplace.registries.answers import check_status, failed
from marketplace.registries.download import Download
from marketplace.registries.transport import HttpDoor
from marketplace.registries.wire import PREFIX


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpTransport:
    """Asks over HTTP. No redirect is followed: the address is chosen by an operator, as is the key.

    `name` is what errors call the registry.
    """

    name: str
    url: str
    token: str | None
    http: HttpDoor

    def get(self, path: str, query: Mapping[str, str], *, most: int, seconds: float) -> bytes:
        """Give the whole answer; see `Transport`."""
        asked = f"{path}?{urlencode(query)}" if query else path
        try:
            answer = self.http.request(self._request(asked, most, seconds))
        except HttpFailed as error:
            raise failed(self.name, error) from error
        check_status(self.name, answer.status)
        return answer.body

    def package(self, digest: str, *, size: int, folder: Path, seconds: float) -> Path:
        """Bring a package in, going on where a connection broke off; see `Transport`."""
        request = self._request(f"/packages/{digest}", size, seconds)
        return Download(self.name, self.http, request, folder).run()

    def _request(self, path: str, most: int, seconds: float) -> HttpRequest:
        return HttpRequest(
            method="GET",
            url=f"{self.url}{PREFIX}{path}",
            headers={"Authorization": f"Bearer {self.token}"} if self.token else {},
            deadline_seconds=seconds,
            max_bytes=most,
            https_only=self.url.startswith("https://"),
        )
