"""What is on an author's desk: the extensions of their publishers, with every version's state."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select

from geminicrm.identity.actor import PersonActor
from geminicrm.kernel.work import Actor, Work, Works
from geminicrm.runtime.semver import SemVer
from marketplace.errors import UnknownExtension
from marketplace.models import RegistryExtension, RegistryVersion
from marketplace.publishers.access import PUBLISH
from marketplace.publishers.acting import publishers_of
from marketplace.visibility import PUBLIC

STATES: Mapping[str, tuple[str, str]] = {
    "pending": ("In review", "info"),
    "listed": ("Published", "success"),
    "rejected": ("Rejected", "danger"),
    "yanked": ("Yanked", "warning"),
    "quarantined": ("Quarantined", "danger"),
}
"""The states of a version: the word and the tone that people see."""


@dataclass(frozen=True, kw_only=True)
class VersionLine:
    """One version as its author sees it; `reason` says why it is in its state."""

    version: str
    state: str
    reason: str | None
    digest: str
    size: int
    downloads: int
    signed_by: str | None
    published_at: datetime
    published_by: str
    findings: Sequence[Mapping[str, Any]]

    @property
    def label(self) -> str:
        """Give the word for its state."""
        return STATES.get(self.state, (self.state, "neutral"))[0]

    @property
    def tone(self) -> str:
        """Give the tone of its state."""
        return STATES.get(self.state, (self.state, "neutral"))[1]


@dataclass(frozen=True, kw_only=True)
class ExtensionLine:
    """One extension as its author sees it, the newest version first."""

    key: str
    id: str
    name: str
    description: str
    publisher_id: str
    publisher: str
    private: bool
    latest: str
    installs: int
    versions: Sequence[VersionLine]

    @property
    def newest(self) -> VersionLine:
        """Give the version that was published last by number."""
        return self.versions[0]


class Desk:
    """Reads what belongs to an author: their publishers', and their workspace's own."""

    def __init__(self, works: Works) -> None:
        self._works = works

    def mine(self, actor: Actor) -> list[ExtensionLine]:
        """Give every extension of the actor, by name; ScopeMissing."""
        with self._works.read(actor) as work:
            work.require(PUBLISH)
            return _lines(work, _own(work))

    def extension(self, actor: Actor, extension_id: str) -> ExtensionLine:
        """Give one of them; a public one before a private one of the same id.

        UnknownExtension for those of others as well.
        """
        found = [one for one in self.mine(actor) if one.id == extension_id]
        if not found:
            raise UnknownExtension(extension_id)
        return min(found, key=lambda one: one.private)


def _own(work: Work) -> list[RegistryExtension]:
    user_id = work.actor.user_id if isinstance(work.actor, PersonActor) else None
    publishers = [row.id for row in publishers_of(work, user_id)]
    statement = select(RegistryExtension).where(
        or_(
            RegistryExtension.publisher_id.in_(publishers),
            RegistryExtension.publisher_id == work.workspace_id,
        )
    )
    ordered = statement.order_by(RegistryExtension.name_key, RegistryExtension.id)
    return list(work.session.scalars(ordered))


def _lines(work: Work, rows: Sequence[RegistryExtension]) -> list[ExtensionLine]:
    wanted = RegistryVersion.extension_id.in_([row.id for row in rows])
    versions: dict[str, list[RegistryVersion]] = {row.id: [] for row in rows}
    for version in work.session.scalars(select(RegistryVersion).where(wanted)):
        versions[version.extension_id].append(version)
    return [_line(row, versions[row.id]) for row in rows if versions[row.id]]


def _line(row: RegistryExtension, versions: Iterable[RegistryVersion]) -> ExtensionLine:
    ordered = sorted(versions, key=lambda one: SemVer.parse(one.version), reverse=True)
    return ExtensionLine(
        key=row.id,
        id=row.extension_id,
        name=row.name,
        description=row.description,
        publisher_id=row.publisher_id,
        publisher=row.publisher,
        private=row.visibility != PUBLIC,
        latest=row.latest_version,
        installs=row.install_count,
        versions=[_version(one) for one in ordered],
    )


def _version(row: RegistryVersion) -> VersionLine:
    return VersionLine(
        version=row.version,
        state=row.state,
        reason=row.state_reason,
        digest=row.digest,
        size=row.size,
        downloads=row.downloads,
        signed_by=row.signature["key_id"] if row.signature else None,
        published_at=row.published_at,
        published_by=row.published_by,
        findings=row.findings or (),
    )
