"""Putting a checked package into the registry: whose id it is, which version people get."""

from dataclasses import dataclass
from typing import Any, Final

import structlog
from sqlalchemy import Select, delete, select
from sqlalchemy.exc import IntegrityError

from geminicrm.kernel.errors import Conflict
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.work import Work
from marketplace.claims import claimed_row, row_key
from marketplace.errors import UnknownExtension, VersionExists
from marketplace.inspection import Inspected
from marketplace.listings import Release, latest_of
from marketplace.models import RegistryCategory, RegistryExtension, RegistryVersion
from marketplace.pictures import keep_pictures
from marketplace.publishers.acting import CORE, WORKSPACE
from marketplace.publishers.models import PublisherRow
from marketplace.records import Sign, write_record
from marketplace.visibility import PRIVATE, PUBLIC, SHELVED, private_key

_log = structlog.get_logger(__name__)
LISTED: Final = "listed"


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A checked package on its way into the registry; its bytes are kept already.

    `signature` is the publisher's, checked, as the version keeps it; `state` is the one it
    starts in.
    """

    found: Inspected
    digest: str
    publisher: PublisherRow
    code_url: str | None = None
    signature: dict[str, Any] | None = None
    state: str = LISTED


def extension_row(work: Work, extension_id: str) -> RegistryExtension:
    """Read a public extension; UnknownExtension."""
    row = work.session.get(RegistryExtension, extension_id)
    if row is None:
        raise UnknownExtension(extension_id)
    return row


def version_row(work: Work, extension_id: str, version: str) -> RegistryVersion:
    """Read a version; UnknownExtension. `extension_id` is the key of the extension's row."""
    row = work.session.scalars(_version(extension_id, version)).one_or_none()
    if row is None:
        raise UnknownExtension(extension_id, version)
    return row


def published_before(work: Work, candidate: Candidate) -> Release | None:
    """Give the release with these very bytes, if any; IdTaken or VersionExists for a clash."""
    manifest = candidate.found.manifest
    copied = _copied(work, candidate)
    if copied is not None:
        return copied
    extension = claimed_row(work, candidate.publisher, manifest.id)
    if extension is None:
        return None
    row = work.session.scalars(_version(extension.id, manifest.version)).one_or_none()
    if row is None:
        return None
    if row.digest == candidate.digest:
        return Release.of(row)
    if not extension.built_in:
        raise VersionExists(manifest.id, manifest.version)
    return None


def store(work: Work, candidate: Candidate, sign: Sign) -> tuple[Release, bool]:
    """Add the version and its signed record; tell whether it is new, or was there already.

    IdTaken or VersionExists, or Conflict where another was quicker.
    """
    known = published_before(work, candidate)
    if known is not None:
        return known, False
    try:
        work.session.add(candidate.publisher)
        work.session.flush()
        extension = _extension(work, candidate)
        version = _add_version(work, extension, candidate)
        write_record(work, version, candidate.publisher, sign)
        work.session.flush()
        relist(work, extension)
        _shelve(work, candidate)
        work.session.flush()
    except IntegrityError as error:
        # Another process passed the same checks at the same moment, as PostgreSQL lets it.
        name = candidate.found.manifest.id
        raise Conflict(f"{name} was published at this very moment; try again.") from error
    return Release.of(version), True


def relist(work: Work, extension: RegistryExtension) -> None:
    """Describe an extension by its newest listed version; "" is its latest where none is listed.

    To be called whenever a version of it is added or changes its state.
    """
    own = RegistryVersion.extension_id == extension.id
    listed = list(work.session.scalars(select(RegistryVersion.version).where(own, _is_listed())))
    extension.updated_at = work.now
    if not listed:
        extension.latest_version = ""
        return
    newest = version_row(work, extension.id, latest_of(listed))
    _describe(extension, newest)
    own_categories = RegistryCategory.extension_id == extension.id
    work.session.execute(delete(RegistryCategory).where(own_categories))
    for category in extension.categories:
        work.session.add(RegistryCategory(extension_id=extension.id, category=category))
    work.session.flush()


def _is_listed() -> Any:
    return RegistryVersion.state == LISTED


def _version(key: str, version: str) -> Select[RegistryVersion]:
    return select(RegistryVersion).where(
        RegistryVersion.extension_id == key, RegistryVersion.version == version
    )


def _copied(work: Work, candidate: Candidate) -> Release | None:
    """Give the public version that a file is a copy of: it needs no private one beside it."""
    if candidate.publisher.kind != WORKSPACE:
        return None
    name = candidate.found.manifest.id
    own = work.session.get(RegistryExtension, private_key(name, candidate.publisher.id))
    if own is not None and own.visibility == PRIVATE:
        return None
    row = work.session.scalars(
        select(RegistryVersion).where(
            RegistryVersion.extension_id == name,
            RegistryVersion.digest == candidate.digest,
            _is_listed(),
        )
    ).one_or_none()
    return Release.of(row) if row else None


def _extension(work: Work, candidate: Candidate) -> RegistryExtension:
    manifest, publisher = candidate.found.manifest, candidate.publisher
    key = row_key(work, publisher, manifest.id)
    row = work.session.get(RegistryExtension, key, with_for_update=True)
    if row is None:
        private = publisher.kind == WORKSPACE
        row = RegistryExtension(
            id=key,
            extension_id=manifest.id,
            publisher_id=publisher.id,
            publisher=publisher.name,
            verified=publisher.verified,
            built_in=publisher.kind == CORE,
            visibility=PRIVATE if private else PUBLIC,
            workspace_id=publisher.workspace_id if private else None,
            latest_version="",
            install_count=0,
            created_at=work.now,
            updated_at=work.now,
        )
        describe(row, manifest.source)
        work.session.add(row)
        work.session.flush()
    elif row.visibility == SHELVED:
        row.visibility = PRIVATE
    return row


def _add_version(work: Work, extension: RegistryExtension, candidate: Candidate) -> RegistryVersion:
    found, manifest = candidate.found, candidate.found.manifest
    row = work.session.scalars(_version(extension.id, manifest.version)).one_or_none()
    if row is None:
        row = RegistryVersion(id=new_id("rel"), extension_id=extension.id, version=manifest.version)
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
    row.findings = [one.to_dict() for one in found.checked]
    row.storage_version = manifest.storage_version
    row.signature = candidate.signature
    row.state = candidate.state
    work.session.flush()
    keep_pictures(work, row, found.pictures)
    return row


def _shelve(work: Work, candidate: Candidate) -> None:
    """Let a private extension step back once its own workspace has published it for everybody."""
    if candidate.publisher.kind == WORKSPACE or not work.workspace_id:
        return
    key = private_key(candidate.found.manifest.id, work.workspace_id)
    own = work.session.get(RegistryExtension, key)
    if own is not None:
        own.visibility = SHELVED


def _describe(row: RegistryExtension, version: RegistryVersion) -> None:
    describe(row, version.manifest)
    row.latest_version = version.version
    row.icon_digest = version.digest if version.icon else None


def describe(row: RegistryExtension, manifest: Any) -> None:
    """Take over what a manifest says of its extension."""
    row.name = manifest["name"]
    row.name_key = row.name.casefold()
    row.description = manifest["description"]
    row.author = manifest["author"]
    row.categories = list(manifest.get("categories", ()))
    row.keywords = list(manifest.get("keywords", ()))
