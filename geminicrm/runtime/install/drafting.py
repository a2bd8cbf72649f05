"""An installation that is not stored yet, and the side that executes its code."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from geminicrm.kernel.errors import Finding
from geminicrm.kernel.work import Actor
from geminicrm.runtime.live import Code
from geminicrm.runtime.manifest_model import Manifest
from geminicrm.runtime.models import EMBEDDED


def nobody_notes() -> None:
    """Take note of nothing."""


@dataclass(slots=True)
class DraftSettings:
    """The settings of an installation that is not stored yet; `install()` may add to them.

    `noted` is called after each addition: where the install is killed, `uninstall()` needs them.
    """

    plain: dict[str, Any] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    noted: Callable[[], object] = field(default=nobody_notes, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The installation as it will be stored once everything else has worked.

    `digest` is `sha256:<hex>`, `folder` holds the unpacked package. Secrets are in clear here
    and leave memory only encrypted. `hooks` and `level` are known once it has been examined.
    """

    installation_id: str
    workspace_id: str
    extension_id: str
    version: str
    digest: str
    manifest: Manifest
    folder: Path
    granted: tuple[str, ...]
    settings: DraftSettings
    trusted: bool
    built_in: bool
    hooks: tuple[str, ...] | None = None
    level: Mapping[str, str] | None = None
    registry_id: str = EMBEDDED
    publisher_id: str | None = None
    signed_by: str | None = None

    @property
    def code(self) -> Code:
        """Say how its code runs."""
        return Code(
            installation_id=self.installation_id,
            digest=self.digest,
            built_in=self.built_in,
            trusted=self.trusted,
            hooks=self.hooks,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What came of trying to load a version: `findings` say why it can't be.

    `hooks` are those that it implements, `level` the locks that held; both None for a built-in.
    """

    findings: tuple[Finding, ...] = ()
    hooks: tuple[str, ...] | None = None
    level: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What `install()` or `uninstall()` answered."""

    success: bool = True
    message: str = ""


class Runner(Protocol):
    """The side that executes: it calls into extensions, each time by a deadline.

    Raises an ExtensionFailed that names extension and place where its code fails or overruns.
    """

    def probe(self, draft: Draft) -> Examined:
        """Import the extension in a process of its own and make it; tell all that went wrong."""
        ...

    def load(self, draft: Draft) -> None:
        """Load the version where this process can call it."""
        ...

    def unload(self, draft: Draft) -> None:
        """Let go of the version unless an installation still uses it; end the draft's host.

        The host may be one that another process has started, which is dead.
        """
        ...

    def install(self, actor: Actor, draft: Draft) -> Outcome:
        """Run its `install()` for the draft's workspace; it may save settings in the draft."""
        ...

    def uninstall(self, actor: Actor, draft: Draft) -> Outcome:
        """Run its `uninstall()` for the draft's workspace."""
        ...

    def forgive(self, installation_id: str) -> None:
        """Forget that its host kept crashing: an admin has switched it on again."""
        ...


class Requirements(Protocol):
    """Where the Python packages of versions come from; each version has a folder of them."""

    def provide(self, draft: Draft) -> bool:
        """Put them in place; tell whether they were not there before.

        Raises ValidationFailed with every reason.
        """
        ...

    def withdraw(self, draft: Draft) -> None:
        """Let go of them: nobody else has the version, and nobody installs now."""
        ...

    def collect(self, used: Callable[[], Collection[str]], older_than: float) -> None:
        """Remove those of no package in `used` (digests) that are older than some seconds."""
        ...
