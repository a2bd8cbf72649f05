"""The plan: what a change of the installed set would mean, in the words people consent to.

One structure for install, upgrade, rollback and uninstall; the consent page, the command line, the
dry run of the API and its 409 answer all show it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal

from geminicrm.runtime.enforcement import enforcements
from geminicrm.runtime.install.offers import PackageRef
from geminicrm.runtime.plan_changes import Changes
from geminicrm.runtime.plan_lines import Addition, HostLine, OwnEventLine, ScheduleLine, ScopeLine

Kind = Literal["install", "upgrade", "rollback", "uninstall"]
GROUPS = ("view", "change", "send", "run", "manage")
ANNOUNCES: Final = "Announce events of its own"
BACKGROUND: Final[Mapping[str, tuple[str, str]]] = {
    "before_record_save": ("Check changes before they are saved", "It may refuse a change."),
    "collect_badges": ("Label records", "It sees the records of each list and page it labels."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PublisherLine:
    """Who answers for the code; `verified` where the registry has seen proof of that."""

    id: str | None
    name: str
    verified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DataLine:
    """What becomes of what it stored.

    `fate` is none, found (left by an earlier installation), kept or lost; documents are lost where
    the version can't read what a later one wrote. The numbers are those of the storage's form.
    """

    documents: int
    fate: Literal["none", "found", "kept", "lost"]
    storage_before: int | None
    storage_after: int | None


@dataclass(frozen=True, slots=True)
class Affected:
    """Another extension that a change touches; `blocking` where it can't be done because of it."""

    extension_id: str
    name: str
    version: str
    sentence: str
    blocking: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a change would mean; `scopes` are needed, `optional_scopes` are not.

    `version` is the one that the plan speaks of: the new one, or the one to be uninstalled;
    `from_version` is what is installed. `kept_documents` counts those that an earlier installation
    left in its storage. `parts` are the changes of other extensions that are made first, in their
    order; each is a plan of its own. `changelog` is Markdown of the publisher, as it is.
    """

    extension_id: str
    version: str
    name: str
    description: str
    author: str
    built_in: bool
    signed: bool
    size: int
    isolation: str
    trust_required: bool
    scopes: tuple[ScopeLine, ...]
    optional_scopes: tuple[ScopeLine, ...]
    network: tuple[HostLine, ...]
    routes: str
    hooks: tuple[str, ...]
    events: tuple[str, ...]
    ui: tuple[Addition, ...]
    required_settings: tuple[str, ...]
    python: tuple[str, ...]
    kept_documents: int
    warnings: tuple[str, ...]
    kind: Kind = "install"
    from_version: str | None = None
    publisher: PublisherLine | None = None
    registry_id: str = ""
    signed_by: str | None = None
    schedules: tuple[ScheduleLine, ...] = ()
    own_events: tuple[OwnEventLine, ...] = ()
    changes: Changes = field(default_factory=Changes)
    data: DataLine | None = None
    affected: tuple[Affected, ...] = ()
    parts: tuple["Plan", ...] = ()
    changelog: str = ""

    @property
    def every(self) -> tuple["Plan", ...]:
        """Give the parts and then the plan itself: all that one order changes, in its order."""
        return (*self.parts, self)

    @property
    def needs_consent(self) -> bool:
        """Tell whether anybody has to agree: an install always, an upgrade where it asks more."""
        return any(one.changes.needs_consent for one in self.every)

    def to_dict(self) -> dict[str, Any]:
        """Give the plan as JSON-ready data, with who will enforce it."""
        return {
            **asdict(self),
            "needs_consent": self.needs_consent,
            "enforcement": enforcements(self.isolation),
            "parts": [one.to_dict() for one in self.parts],
        }

    def background(self) -> Iterator[tuple[str, str, str]]:
        """Say what it does while nobody looks: name, sentence and explanation of each."""
        if self.events:
            told = f"Is told of: {', '.join(self.events)}."
            yield "on_event", "Run when something happens", told
        for one in self.schedules:
            yield f"schedule:{one.id}", "Run at set times", one.description or one.cron
        for own in self.own_events:
            yield f"announces:{own.type}", ANNOUNCES, announces(own)
        for hook in self.hooks:
            if hook in BACKGROUND:
                yield (hook, *BACKGROUND[hook])


def announces(line: OwnEventLine) -> str:
    """Say what an event of its own is, and who may read it."""
    return f"{line.type}: {line.description} Everybody in the workspace may read it."


def trust_required(ref: PackageRef, *, confines: bool) -> bool:
    """Tell whether an admin has to trust the code: nothing confines it, and it is not ours."""
    return not ref.built_in and not confines
