"""What may take the place of an installed version, and which rights and settings go along."""

from typing import Any

from sqlalchemy import select

from geminicrm.kernel.crypto import DecryptionFailed
from geminicrm.kernel.errors import Finding, ScopeMissing, ValidationFailed
from geminicrm.kernel.vault import Vault
from geminicrm.kernel.work import Actor, Work
from geminicrm.runtime.consent import Grant, InstallRequest, typed
from geminicrm.runtime.growth import Growth, growth
from geminicrm.runtime.history.models import ExtensionOrigin, InstalledVersion
from geminicrm.runtime.install.offers import PackageRef
from geminicrm.runtime.manifest_model import Manifest
from geminicrm.runtime.models import Installation
from geminicrm.runtime.plan import Plan
from geminicrm.runtime.present import manifest_of
from geminicrm.runtime.problems import ConsentRequired, InstallFailed, TrustRequired
from geminicrm.runtime.semver import Range, SemVer
from geminicrm.runtime.settings_values import Stored, host_settings, still_valid
from geminicrm.runtime.upgrade_problems import NotNewer, OtherOrigin, StorageNotReadable


def refuse_old(row: Installation, version: str) -> None:
    """Raise NotNewer unless the version is above the installed one."""
    if SemVer.parse(version) <= SemVer.parse(row.version):
        raise NotNewer(row.extension_id, row.version, version)


def refuse_stranger(work: Work, ref: PackageRef) -> None:
    """Raise OtherOrigin where it is from another registry or publisher than the id is bound to."""
    query = select(ExtensionOrigin).where(ExtensionOrigin.extension_id == ref.extension_id)
    bound = work.session.scalar(query)
    if bound is None:
        return
    if ref.registry_id != bound.registry_id:
        raise OtherOrigin(ref.extension_id, "registry", bound.registry_id, ref.registry_id)
    if bound.publisher_id is not None and ref.publisher_id != bound.publisher_id:
        found = ref.publisher_id or "nobody"
        raise OtherOrigin(ref.extension_id, "publisher", bound.publisher_id, found)


def refuse_blind(row: Installation, manifest: Manifest) -> None:
    """Raise StorageNotReadable for a version that can't read what the present one stores."""
    present = manifest_of(row).storage_version
    if manifest.storage_version < present:
        version, wanted = manifest.version, manifest.storage_version
        raise StorageNotReadable(row.extension_id, version, present, wanted)


def refuse_if_others_break(work: Work, kind: str, extension_id: str, version: str) -> None:
    """Raise InstallFailed where an enabled extension needs another version of this one."""
    others = work.session.scalars(select(Installation).where(Installation.enabled.is_(True)))
    findings = []
    for other in others.all():
        wanted = manifest_of(other).requires.extensions.get(extension_id)
        if wanted is not None and not Range.parse(wanted).allows(SemVer.parse(version)):
            message = f"{other.extension_id} {other.version} needs {extension_id} {wanted}."
            findings.append(Finding(f"/requires/{other.extension_id}", "needed_version", message))
    if findings:
        reasons = " ".join(found.message for found in findings)
        raise InstallFailed("resolve", extension_id, reasons, "", findings, kind=kind)


def grown(row: Installation, manifest: Manifest) -> Growth:
    """Give what a version may do that the installed one could not."""
    return growth(manifest_of(row), row.granted, manifest)


def new_grant(
    actor: Actor, row: Installation, manifest: Manifest, plan: Plan, request: InstallRequest
) -> tuple[str, ...]:
    """Give what the version is granted: what there was, as far as it asks, and what is agreed to.

    Raises ConsentRequired with the plan where it can do more and nobody has agreed,
    ValidationFailed for a grant that is wider than asked or too narrow, ScopeMissing where the
    actor has not got what it grants.
    """
    more = grown(row, manifest)
    asked = {*manifest.permissions, *manifest.optional_permissions}
    kept = asked.intersection(row.granted)
    if request.grant is None:
        if more.needs_consent:
            raise ConsentRequired(plan.to_dict())
        return tuple(sorted(kept))
    added = _added(plan, more, request.grant)
    for scope in sorted(added - set(row.granted)):
        if not actor.allows(scope):
            raise ScopeMissing(scope, actor.label)
    return tuple(sorted(kept | added))


def _added(plan: Plan, more: Growth, grant: Grant) -> set[str]:
    if grant is None or grant == "requested":
        return set(more.scopes)
    # What was needed and taken away stays away, and what is granted is: neither has to be named.
    asked = {line.scope for line in (*plan.scopes, *plan.optional_scopes)}
    findings = [
        Finding(f"/grant/{at}", "not_asked", f"The extension does not ask for {scope!r}.")
        for at, scope in enumerate(grant)
        if scope not in asked
    ]
    findings += [
        Finding("/grant", "needed_scope", f"The new version can't do without {scope!r}.")
        for scope in more.scopes
        if scope not in grant
    ]
    if findings:
        raise ValidationFailed(findings)
    return set(grant)


def new_trust(row: Installation, ref: PackageRef, plan: Plan, request: InstallRequest) -> bool:
    """Tell whether the version is trusted: only if the key is the same that signed the one before.

    Raises TrustRequired where nothing could confine it and nobody says so in so many words.
    """
    key = ref.signature.key_id if ref.signature and ref.signed else None
    if row.trusted and not ref.built_in and key is not None and key == row.signed_by:
        return True
    if plan.trust_required and plan.extension_id not in typed(request):
        raise TrustRequired(plan.extension_id, plan.to_dict())
    return plan.trust_required


def carried_settings(
    vault: Vault, row: Installation, manifest: Manifest
) -> tuple[dict[str, Any], str | None]:
    """Give the settings of a row that another version of it still takes."""
    by_admin = host_settings(manifest_of(row))
    try:
        stored = Stored(row.settings, vault.open(row.secrets))
    except DecryptionFailed:  # whoever finds the key again finds them too
        kept = still_valid(manifest, Stored(row.settings, {}), by_admin)
        return dict(kept.plain), row.secrets
    kept = still_valid(manifest, stored, by_admin)
    return dict(kept.plain), vault.seal(kept.secrets)


def former_grant(row: Installation, past: InstalledVersion) -> tuple[str, ...]:
    """Give what an earlier version had, without what an admin has taken away since."""
    manifest = manifest_of(row)
    asked = {*manifest.permissions, *manifest.optional_permissions}
    return tuple(sorted(set(past.granted) - (asked - set(row.granted))))


def storage_warning(row: Installation, past: Manifest) -> str | None:
    """Warn of a version that may not read what was stored: each reads what the next one wrote."""
    present = manifest_of(row).storage_version
    if present - past.storage_version <= 1:
        return None
    return (
        f"Data is stored with storage_version {present} now, and {past.version} was made for "
        f"{past.storage_version}: that is more than one step back, and it may not read all of it."
    )
