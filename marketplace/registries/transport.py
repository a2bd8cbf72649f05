"""The way to a registry: over HTTP, from a folder that was mirrored, or within this process."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from geminicrm.kernel.http import HttpRequest, HttpResponse, Sink


class Transport(Protocol):
    """How a registry is asked; paths are those of the protocol, without their prefix."""

    def get(self, path: str, query: Mapping[str, str], *, most: int, seconds: float) -> bytes:
        """Give the whole answer; NotThere, RegistryUnreachable, RegistryRefused.

        `most` is in bytes.
        """
        ...

    def package(self, digest: str, *, size: int, folder: Path, seconds: float) -> Path:
        """Bring a package into a file in `folder`; the caller compares its digest, and removes it.

        `digest` is SHA-256 in hex, `size` what the registry has signed. Raises as `get`.
        """
        ...


class HttpDoor(Protocol):
    """The guarded way out: `geminicrm.kernel.http.HttpClient`."""

    def request(self, request: HttpRequest) -> HttpResponse:
        """Make one call; HttpFailed."""
        ...

    def stream(self, request: HttpRequest, sink: Sink) -> HttpResponse:
        """Make one call whose body goes to `sink`; HttpFailed."""
        ...
