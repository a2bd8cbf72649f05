"""Between rows and drafts: what was stored, in the form that steps and runners take."""

from datetime import datetime
from pathlib import Path

from sqlalchemy import select

from geminicrm.kernel.crypto import DecryptionFailed
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.work import Actor, Works
from geminicrm.runtime.install.state import Draft, DraftSettings
from geminicrm.runtime.manifest_model import Manifest
from geminicrm.runtime.models import Installation, KeptSettings
from geminicrm.runtime.present import manifest_of
from geminicrm.runtime.settings_values import Stored, host_settings, still_valid
from geminicrm.runtime.vault import Vault


def kept_settings(works: Works, vault: Vault, actor: Actor, manifest: Manifest) -> DraftSettings:
    """Bring back what an earlier installation left, as far as this version takes it."""
    with works.read(actor) as work:
        row = work.session.scalar(
            select(KeptSettings).where(KeptSettings.extension_id == manifest.id)
        )
        if row is None:
            return DraftSettings()
        stored = Stored(row.settings, _readable(vault, row.secrets))
        kept = still_valid(manifest, stored, row.host_settings or ())
    return DraftSettings(dict(kept.plain), dict(kept.secrets))


def to_keep(row: Installation, now: datetime) -> KeptSettings:
    """Give what is left of an installation for the day it comes back; the caller stores it."""
    return KeptSettings(
        id=new_id("kept"),
        extension_id=row.extension_id,
        version=row.version,
        settings=row.settings,
        secrets=row.secrets,
        host_settings=sorted(host_settings(manifest_of(row))),
        kept_at=now,
    )


def draft_of(row: Installation, vault: Vault, packages: Path) -> Draft:
    """Give a stored installation as a draft."""
    return Draft(
        installation_id=row.id,
        workspace_id=row.workspace_id,
        extension_id=row.extension_id,
        version=row.version,
        digest=row.digest,
        manifest=manifest_of(row),
        folder=packages / row.digest.removeprefix("sha256:"),
        granted=tuple(row.granted),
        settings=DraftSettings(dict(row.settings), _readable(vault, row.secrets)),
        trusted=row.trusted,
        built_in=row.built_in,
        hooks=tuple(row.hooks) if row.hooks is not None else None,
        level=row.level,
    )


def used_folders(works: Works) -> set[str]:
    """Name the package folders that any workspace uses."""
    with works.across_workspaces("which packages are in use") as work:
        digests = work.session.scalars(select(Installation.digest))
        return {digest.removeprefix("sha256:") for digest in digests}


def installation_ids(works: Works) -> set[str]:
    """Name the installations of all workspaces."""
    with works.across_workspaces("whose logs are in use") as work:
        return set(work.session.scalars(select(Installation.id)))


def _readable(vault: Vault, sealed: str | None) -> dict[str, str]:
    """Open secrets; a lost key must not keep anybody from installing or uninstalling."""
    try:
        return vault.open(sealed)
    except DecryptionFailed:
        return {}
