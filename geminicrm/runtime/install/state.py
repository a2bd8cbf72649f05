"""What the steps of an install hand on, and the doors that they act through."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

from geminicrm.kernel.errors import Finding
from geminicrm.kernel.generation import Generations
from geminicrm.kernel.work import Actor, Work, Works
from geminicrm.runtime.extension_logs import ExtensionLogs
from geminicrm.runtime.install.files import Hold
from geminicrm.runtime.live import Code
from geminicrm.runtime.manifest_model import Manifest

Value = TypeVar("Value")
Files = Mapping[str, bytes]


class Refused(Exception):
    """A step says no: the reason in a sentence, the place in the package, every finding."""

    def __init__(self, reason: str, place: str = "", findings: Sequence[Finding] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.place = place
        self.findings = tuple(findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageRef:
    """One published version: who vouches for it, and the digest that its bytes must have.

    `digest` is the SHA-256 of the package in hex, with or without `sha256:` in front; `size` is
    in bytes.
    """

    extension_id: str
    version: str
    digest: str
    built_in: bool
    signed: bool
    size: int

    @property
    def hex_digest(self) -> str:
        """Give the digest as the name of a folder."""
        return self.digest.removeprefix("sha256:")


class PackageSource(Protocol):
    """Where packages come from: the embedded registry, another one, a file."""

    def find(self, extension_id: str, version: str | None) -> PackageRef:
        """Name a version, the newest good one for None. Raises NotFound."""
        ...

    def read(self, ref: PackageRef) -> bytes:
        """Give the bytes of the package."""
        ...


@dataclass(slots=True)
class DraftSettings:
    """The settings of an installation that is not stored yet; `install()` may add to them."""

    plain: dict[str, Any] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)


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
        """Let go of the version unless an installation still uses it."""
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
        """Let go of them: the install failed."""
        ...

    def collect(self, used: Callable[[], Collection[str]], older_than: float) -> None:
        """Remove those of no package in `used` (digests) that are older than some seconds."""
        ...


@dataclass(frozen=True, slots=True)
class Checked:
    """What the static checks found: errors refuse, warnings are shown."""

    errors: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What steps act through; the same for every install of a process.

    `confines` tells whether this machine can lock a host up.
    """

    works: Works
    generations: Generations
    source: PackageSource
    runner: Runner
    requirements: Requirements
    unpack: Callable[[bytes], Files]
    manifest: Callable[[bytes], Manifest]
    check: Callable[[Path, Manifest], Checked]
    seal: Callable[[Mapping[str, str]], str | None]
    confines: Callable[[], bool]
    packages: Path
    logs: ExtensionLogs
    core_version: str
    api_versions: Collection[int]


def nobody_watches(_step: str) -> None:
    """Take note of nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What somebody asked for; `progress` is told the name of each step when it begins."""

    actor: Actor
    extension_id: str
    version: str | None
    allow_unsigned: bool = False
    progress: Callable[[str], None] = nobody_watches


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What an admin agreed to."""

    granted: tuple[str, ...]
    trusted: bool
    settings: DraftSettings


class Lease(Protocol):
    """The workspace's install lock, as held by one install."""

    def renew(self) -> None:
        """Hold it for another while. Raises Conflict where it was lost."""
        ...

    def confirm(self, work: Work) -> None:
        """Make sure, inside the deciding transaction, that it is still held. Raises Conflict."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallState:
    """What is known so far; each step gives a new state with its own part filled in."""

    order: Order
    ref_found: PackageRef | None = None
    content: bytes = b""
    files: Files = field(default_factory=dict)
    manifest_read: Manifest | None = None
    warnings: tuple[Finding, ...] = ()
    consent: Consent | None = None
    lease: Lease | None = None
    hold: Hold | None = None
    draft_made: Draft | None = None
    folder_made: bool = False
    requirements_made: bool = False
    generation: int = 0

    @property
    def ref(self) -> PackageRef:
        """Give the version that fetch found."""
        return _known(self.ref_found, "fetch")

    @property
    def manifest(self) -> Manifest:
        """Give the manifest that validate read."""
        return _known(self.manifest_read, "validate")

    @property
    def agreed(self) -> Consent:
        """Give what the admin consented to."""
        return _known(self.consent, "consent")

    @property
    def lease_held(self) -> Lease:
        """Give the install lock."""
        return _known(self.lease, "lock")

    @property
    def draft(self) -> Draft:
        """Give the installation that stage prepared."""
        return _known(self.draft_made, "stage")


def _known(value: Value | None, step: str) -> Value:
    if value is None:
        raise RuntimeError(f"the step {step} has not run yet")
    return value
