"""What the steps of an install hand on, and the doors that they act through."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from geminicrm.kernel.errors import Finding, Unavailable
from geminicrm.kernel.generation import Generations
from geminicrm.kernel.work import Actor, Works
from geminicrm.runtime.extension_logs import ExtensionLogs
from geminicrm.runtime.history.models import InstalledVersion
from geminicrm.runtime.history.protocols import Entry, Journal, Lease
from geminicrm.runtime.install.drafting import Draft, DraftSettings, Requirements, Runner
from geminicrm.runtime.install.files import Hold
from geminicrm.runtime.install.offers import Offered, PackageRef, PackageSource
from geminicrm.runtime.manifest_model import Manifest
from geminicrm.runtime.models import Installation
from geminicrm.runtime.quarantine import Quarantine
from geminicrm.runtime.resolution.solve import Step

Value = TypeVar("Value")
Files = Mapping[str, bytes]


class Refused(Exception):
    """A step says no: the reason in a sentence, the place in the package, every finding."""

    def __init__(self, reason: str, place: str = "", findings: Sequence[Finding] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.place = place
        self.findings = tuple(findings)


class Undecided(Unavailable):
    """The database went away over the transaction that decides: nobody knows how it ended.

    Nothing is undone then, since it may have happened; the recovery finds out, and ends it.
    """

    def __init__(self, extension_id: str) -> None:
        super().__init__(
            f"The database went away while it was being stored that {extension_id} is installed. "
            "Look again in a moment: it is there, or it will be undone by itself."
        )


@dataclass(frozen=True, slots=True)
class Checked:
    """What the static checks found: errors refuse, warnings are shown."""

    errors: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()


Glance = Callable[[str, str], Sequence[Offered]]
"""Gives the versions of an extension that a workspace can have, by the ids of both."""
Advice = Callable[[Actor, str, str, str], Sequence[str]]
"""Gives what a registry, by its id, warns of in a version of an extension, a sentence each."""


def no_advice(_actor: Actor, _registry_id: str, _extension_id: str, _version: str) -> Sequence[str]:
    """Warn of nothing."""
    return ()


Disconnect = Callable[[Actor, str], Sequence[str]]
"""Tells outside services that an extension leaves them; gives what they would not do."""


def nothing_connected(_actor: Actor, _extension_id: str) -> Sequence[str]:
    """Stand where extensions have no connections."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What steps act through; the same for every install of a process.

    `glance` gives the versions that a source has, for a page that must not wait. `vouch` checks the
    signatures of what a source named, against what is pinned, and gives it back with what they
    prove; it raises Refused for anything that is not as it should be. `confines`
    tells whether this machine can lock a host up. `keep` stores a package where every machine finds
    it by its digest. `quarantine` refuses what a registry has stopped, `advice` says what it warns
    of. A version that has taken the place of another is watched for `watch_seconds`. `disconnect`
    is called before an extension is uninstalled.
    """

    works: Works
    generations: Generations
    source: PackageSource
    glance: Glance
    vouch: Callable[[PackageRef], PackageRef]
    journal: Journal
    runner: Runner
    requirements: Requirements
    unpack: Callable[[bytes], Files]
    keep: Callable[[bytes], object]
    manifest: Callable[[bytes], Manifest]
    check: Callable[[Path, Manifest], Checked]
    seal: Callable[[Mapping[str, str]], str | None]
    confines: Callable[[], bool]
    packages: Path
    logs: ExtensionLogs
    core_version: str
    api_versions: Collection[int]
    quarantine: Quarantine
    advice: Advice = no_advice
    watch_seconds: float = 0.0
    disconnect: Disconnect = nothing_connected


def nobody_watches(_step: str) -> None:
    """Take note of nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What somebody asked for; `progress` is told the name of each step when it begins.

    `digest` is the one that the package must have, where that is known already. `beside` are the
    versions of other extensions that the same order brings, `group_id` what its runs have in common
    in the journal. `with_others` says that the caller sees to whatever else has to change; without
    it such a version is refused.
    """

    actor: Actor
    extension_id: str
    version: str | None
    digest: str | None = None
    allow_unsigned: bool = False
    progress: Callable[[str], None] = nobody_watches
    beside: Mapping[str, str] = field(default_factory=dict)
    group_id: str | None = None
    with_others: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What an admin agreed to."""

    granted: tuple[str, ...]
    trusted: bool
    settings: DraftSettings


Settle = Callable[[Installation, Manifest], tuple[dict[str, Any], str | None]]
"""Gives the settings of a row for another version of it: plain, and secrets sealed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What kind of change a run makes, and what is there before it.

    `kind` is as the journal names it; `present` is the installation whose version is replaced, None
    for an install, and `past` what it was before, for a way back. `settle` gives it the settings it
    has from then on, asked inside the deciding transaction; `watch_seconds` is how long it is
    watched, 0 for not at all.
    """

    kind: str = "install"
    present: Draft | None = None
    reason: str | None = None
    past: InstalledVersion | None = None
    settle: Settle | None = None
    watch_seconds: float = 0.0
    group_id: str | None = None


INSTALL = Course()


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallState:
    """What is known so far; each step gives a new state with its own part filled in.

    `recalled` says that the version was here before: its files lie there, and it has run. `others`
    are the changes of other extensions that this one needs, in their order.
    """

    order: Order
    course: Course = INSTALL
    recalled: bool = False
    ref_found: PackageRef | None = None
    content: bytes = b""
    files: Files = field(default_factory=dict)
    manifest_read: Manifest | None = None
    warnings: tuple[Finding, ...] = ()
    others: tuple[Step, ...] = ()
    consent: Consent | None = None
    lease: Lease | None = None
    entry_made: Entry | None = None
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
    def entry(self) -> Entry:
        """Give the journal of this run."""
        return _known(self.entry_made, "journal")

    @property
    def past(self) -> InstalledVersion:
        """Give the version to go back to."""
        return _known(self.course.past, "choose a version")

    @property
    def present(self) -> Draft:
        """Give the installation whose version is replaced."""
        return _known(self.course.present, "look at what is installed")

    @property
    def draft(self) -> Draft:
        """Give the installation that stage prepared."""
        return _known(self.draft_made, "stage")


def _known(value: Value | None, step: str) -> Value:
    if value is None:
        raise RuntimeError(f"the step {step} has not run yet")
    return value
