"""What an installation was before: kept so that it can be gone back to, and stays bound."""

from datetime import datetime

from sqlalchemy import select

from geminicrm.kernel.ids import new_id
from geminicrm.kernel.work import Work
from geminicrm.runtime.history.models import ExtensionOrigin, InstalledVersion
from geminicrm.runtime.models import Installation


def remember(work: Work, row: Installation) -> None:
    """Write down the version that an installation has from now on, and where the id came from."""
    work.session.add(_version(row, work.now))
    _bind(work, row)


def leave(work: Work, row: Installation, outcome: str, reason: str | None) -> None:
    """Write down that an installation has its version no longer, with its rights and settings.

    They are those of this moment, so that it can come back as it was left.
    """
    query = select(InstalledVersion).where(
        InstalledVersion.installation_id == row.id, InstalledVersion.until.is_(None)
    )
    left = work.session.scalar(query)
    if left is None:  # installed before there was a history
        left = _version(row, row.created_at)
        work.session.add(left)
    left.granted, left.trusted = row.granted, row.trusted
    left.settings, left.secrets = row.settings, row.secrets
    left.hooks, left.level = row.hooks, row.level
    left.until, left.outcome, left.reason = work.now, outcome, reason


def _version(row: Installation, since: datetime) -> InstalledVersion:
    return InstalledVersion(
        id=new_id("ver"),
        installation_id=row.id,
        extension_id=row.extension_id,
        version=row.version,
        digest=row.digest,
        registry_id=row.registry_id,
        publisher_id=row.publisher_id,
        signed_by=row.signed_by,
        manifest=row.manifest,
        granted=row.granted,
        settings=row.settings,
        secrets=row.secrets,
        trusted=row.trusted,
        built_in=row.built_in,
        hooks=row.hooks,
        level=row.level,
        since=since,
    )


def _bind(work: Work, row: Installation) -> None:
    bound = select(ExtensionOrigin.id).where(ExtensionOrigin.extension_id == row.extension_id)
    if work.session.scalar(bound) is None:
        work.session.add(
            ExtensionOrigin(
                id=new_id("org"),
                extension_id=row.extension_id,
                registry_id=row.registry_id,
                publisher_id=row.publisher_id,
                first_at=work.now,
            )
        )
