"""What runs: a loaded version, and an installation of it as one worker holds it in memory."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from extensions.extension_base import ExtensionBase
from geminicrm.runtime.host.parts import Answering, Hook, Route
from geminicrm.runtime.manifest import Manifest
from geminicrm.runtime.watching.counter import Counter


@dataclass(frozen=True, slots=True, kw_only=True)
class HostKey:
    """Which host serves: that of one installation, with one version, locked or plain."""

    installation_id: str
    digest: str
    locked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """What of an installation, stored or not yet, decides how its code runs.

    `hooks` are those that were found when it was installed, None where nobody has looked.
    """

    installation_id: str
    digest: str
    built_in: bool
    trusted: bool
    hooks: tuple[str, ...] | None = None

    @property
    def host(self) -> HostKey:
        """Name the host that serves it, if it is not built in."""
        return HostKey(
            installation_id=self.installation_id, digest=self.digest, locked=not self.trusted
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedVersion:
    """One extension version, ready to be called.

    A hosted version is made of proxies with these same members, for one installation; `host` names
    its host, and is None for code in this process.
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
    host: HostKey | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """One installation that is switched on, with the version that serves it.

    `secrets` is still encrypted; `hosts` are those that outside calls may go to; `watch` counts the
    calls into a version that is watched. Until `settles`, on the monotonic clock, it is new here.
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
    watch: Counter | None = None
    settles: float = 0.0

    @property
    def name(self) -> str:
        """The name that people know it by."""
        return self.manifest.name


def is_settling(installed: Installed | None) -> bool:
    """Tell whether its version has just changed: then calls wait for a host, not for each other.

    Such a moment must cost nobody an answer.
    """
    return installed is not None and time.monotonic() < installed.settles


def digest_hex(digest: str) -> str:
    """Give the bare hexadecimal digits of a digest such as `sha256:...`."""
    return digest.rpartition(":")[2]
