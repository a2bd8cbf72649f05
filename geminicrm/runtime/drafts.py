"""Between rows and drafts: what was stored, in the form that steps and runners take."""

from datetime import datetime
from pathlib import Path

from sqlalchemy import select

from geminicrm.kernel.ids import new_id
from geminicrm.kernel.vault import Vault
from geminicrm.kernel.work import Actor, Works
from geminicrm.runtime.history.models import RemovedInstallation
from geminicrm.runtime.history.versions import kept_digests
from geminicrm.runtime.install.drafting import Draft, DraftSettings
from geminicrm.runtime.manifest_model import Manifest
from geminicrm.runtime.models import Installation, KeptSettings
from geminicrm.runtime.present import shown_manifest
from geminicrm.runtime.settings_values import Stored, host_settings, still_valid


def kept_settings(works: Works, vault: Vault, actor: Actor, manifest: Manifest) -> DraftSettings:
    """Bring back what an earlier installation left, as far as this version takes it."""
    with works.read(actor) as work:
        row = work.session.scalar(
            select(KeptSettings).where(KeptSettings.extension_id == manifest.id)
        )
        if row is None:
            return DraftSettings()
        stored = Stored(row.settings, vault.readable(row.secrets))
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
        host_settings=sorted(host_settings(shown_manifest(row))),
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
        manifest=shown_manifest(row),
        folder=packages / row.digest.removeprefix("sha256:"),
        granted=tuple(row.granted),
        settings=DraftSettings(dict(row.settings), vault.readable(row.secrets)),
        trusted=row.trusted,
        built_in=row.built_in,
        hooks=tuple(row.hooks) if row.hooks is not None else None,
        level=row.level,
        registry_id=row.registry_id,
        publisher_id=row.publisher_id,
        signed_by=row.signed_by,
    )


def used_folders(works: Works) -> set[str]:
    """Name the package folders that any workspace uses, or may go back to."""
    with works.across_workspaces("which packages are in use") as work:
        found = kept_digests(work)
        for kind in (Installation, RemovedInstallation):
            found.update(work.session.scalars(select(kind.digest).distinct()))
        return {digest.removeprefix("sha256:") for digest in found}


def installation_ids(works: Works) -> set[str]:
    """Name the installations of all workspaces, with those that can still be brought back."""
    with works.across_workspaces("whose logs are in use") as work:
        removed = work.session.scalars(select(RemovedInstallation))
        return {
            *work.session.scalars(select(Installation.id)),
            *(row.facts["id"] for row in removed),
        }
