"""What runs: a loaded version, and an installation of it as one worker holds it in memory."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from extensions.extension_base import ExtensionBase
from geminicrm.runtime.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Answer:
    """What an extension answers to a request, before anything is taken out of it."""

    status: str
    headers: list[tuple[str, str]]
    body: bytes


Answering: TypeAlias = Callable[[dict[str, Any]], Answer]
"""Answers the request of a WSGI environment."""


@dataclass(frozen=True, slots=True)
class Hook:
    """One implementation of a hook; `places` picks its arguments out of those of the hook."""

    function: Callable[..., Any]
    places: tuple[int, ...]

    def call(self, *given: Any) -> Any:
        """Call it with the arguments that it asks for, in its own order."""
        return self.function(*[given[place] for place in self.places])


@dataclass(frozen=True, slots=True)
class Route:
    """One route of an extension as people read it."""

    rule: str
    methods: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedVersion:
    """One extension version, ready to be called.

    A hosted version will be made of proxies with these same members.
    """

    extension_id: str
    version: str
    digest: str
    folder: Path
    package: str
    extension: ExtensionBase
    answer: Answering
    hooks: Mapping[str, Hook]
    routes: tuple[Route, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """One installation that is switched on, with the version that serves it.

    `secrets` is still encrypted; `hosts` are those that outside calls may go to.
    """

    id: str
    workspace_id: str
    extension_id: str
    digest: str
    manifest: Manifest
    granted: frozenset[str]
    settings: Mapping[str, Any]
    secrets: str | None
    loaded: LoadedVersion
    hosts: frozenset[str] = field(default_factory=frozenset)

    @property
    def name(self) -> str:
        """The name that people know it by."""
        return self.manifest.name


def digest_hex(digest: str) -> str:
    """Give the bare hexadecimal digits of a digest such as `sha256:...`."""
    return digest.rpartition(":")[2]
