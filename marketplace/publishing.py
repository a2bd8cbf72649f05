"""Putting a checked package into the registry: whose id it is, which version people get."""

from dataclasses import dataclass

import structlog
from sqlalchemy import Select, delete, select
from sqlalchemy.exc import IntegrityError

from geminicrm.kernel.errors import Conflict
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.work import Work
from marketplace.errors import IdTaken, UnknownExtension, VersionExists
from marketplace.inspection import Inspected
from marketplace.listings import Release, latest_of
from marketplace.models import RegistryCategory, RegistryExtension, RegistryVersion
from marketplace.search import search_text

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Publisher:
    """Who publishes: a workspace, or the core itself; `verified` is what people are shown."""

    id: str
    name: str
    verified: bool = False


CORE = Publisher("core", "GeminiCRM Pro", verified=True)


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A checked package on its way into the registry; its bytes are kept already."""

    found: Inspected
    digest: str
    publisher: Publisher
    code_url: str | None = None


def extension_row(work: Work, extension_id: str) -> RegistryExtension:
    """Read an extension; UnknownExtension."""
    row = work.session.get(RegistryExtension, extension_id)
    if row is None:
        raise UnknownExtension(extension_id)
    return row


def version_row(work: Work, extension_id: str, version: str) -> RegistryVersion:
    """Read a version; UnknownExtension."""
    row = work.session.scalars(_version(extension_id, version)).one_or_none()
    if row is None:
        raise UnknownExtension(extension_id, version)
    return row


def published_before(work: Work, candidate: Candidate) -> Release | None:
    """Give the release with these very bytes, if any; IdTaken or VersionExists for a clash."""
    manifest = candidate.found.manifest
    extension = work.session.get(RegistryExtension, manifest.id)
    if extension is None:
        return None
    if extension.publisher_id != candidate.publisher.id:
        raise IdTaken(manifest.id, extension.publisher)
    row = work.session.scalars(_version(manifest.id, manifest.version)).one_or_none()
    if row is None:
        return None
    if row.digest == candidate.digest:
        return Release.of(row)
    if not extension.built_in:
        raise VersionExists(manifest.id, manifest.version)
    return None


def store(work: Work, candidate: Candidate) -> tuple[Release, bool]:
    """Add the version; tell whether it is new, or whether these bytes were there already.

    IdTaken or VersionExists, or Conflict where another was quicker.
    """
    known = published_before(work, candidate)
    if known is not None:
        return known, False
    try:
        extension = _extension(work, candidate)
        version = _add_version(work, candidate)
        _refresh(work, extension, candidate)
        work.session.flush()
    except IntegrityError as error:
        # Another process passed the same checks at the same moment, as PostgreSQL lets it.
        name = candidate.found.manifest.id
        raise Conflict(f"{name} was published at this very moment; try again.") from error
    return Release.of(version), True


def _version(extension_id: str, version: str) -> Select[RegistryVersion]:
    return select(RegistryVersion).where(
        RegistryVersion.extension_id == extension_id, RegistryVersion.version == version
    )


def _extension(work: Work, candidate: Candidate) -> RegistryExtension:
    manifest, publisher = candidate.found.manifest, candidate.publisher
    row = work.session.get(RegistryExtension, manifest.id, with_for_update=True)
    if row is None:
        row = RegistryExtension(
            id=manifest.id,
            publisher_id=publisher.id,
            publisher=publisher.name,
            verified=publisher.verified,
            built_in=publisher is CORE,
            install_count=0,
            created_at=work.now,
        )
        _describe(row, candidate, work)
        work.session.add(row)
        work.session.flush()
    return row


def _add_version(work: Work, candidate: Candidate) -> RegistryVersion:
    found, manifest = candidate.found, candidate.found.manifest
    row = work.session.scalars(_version(manifest.id, manifest.version)).one_or_none()
    if row is None:
        row = RegistryVersion(id=new_id("rel"), extension_id=manifest.id, version=manifest.version)
        work.session.add(row)
    else:
        _log.warning(
            "a built-in extension changed without a new version",
            extension=manifest.id,
            version=manifest.version,
            old=row.digest,
            new=candidate.digest,
        )
    row.digest = candidate.digest
    row.size = found.size
    row.manifest = dict(manifest.source)
    row.readme = found.readme
    row.changelog = found.changelog
    row.icon = found.icon
    row.code_url = candidate.code_url
    row.published_at = work.now
    row.published_by = work.actor.label
    work.session.flush()
    return row


def _refresh(work: Work, extension: RegistryExtension, candidate: Candidate) -> None:
    manifest = candidate.found.manifest
    versions = work.session.scalars(
        select(RegistryVersion.version).where(RegistryVersion.extension_id == manifest.id)
    )
    extension.updated_at = work.now
    if latest_of(list(versions)) != manifest.version:
        return
    _describe(extension, candidate, work)
    own = RegistryCategory.extension_id == manifest.id
    work.session.execute(delete(RegistryCategory).where(own))
    for category in manifest.categories:
        work.session.add(RegistryCategory(extension_id=manifest.id, category=category))


def _describe(row: RegistryExtension, candidate: Candidate, work: Work) -> None:
    manifest = candidate.found.manifest
    row.name = manifest.name
    row.name_key = manifest.name.casefold()
    row.description = manifest.description
    row.author = manifest.author
    row.categories = list(manifest.categories)
    row.keywords = list(manifest.keywords)
    row.latest_version = manifest.version
    row.icon_digest = candidate.digest if candidate.found.icon else None
    row.updated_at = work.now
    row.search_text = search_text(
        manifest.id,
        manifest.name,
        manifest.description,
        row.publisher,
        *manifest.categories,
        *manifest.keywords,
    )
