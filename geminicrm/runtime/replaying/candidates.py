"""Which version a recorded event is tried against, as it would be if it were installed."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from geminicrm.kernel.work import Actor
from geminicrm.runtime.history.models import InstalledVersion
from geminicrm.runtime.history.versions import earlier, history
from geminicrm.runtime.hosts import allowed_hosts
from geminicrm.runtime.install.files import held, place_tree, same_tree
from geminicrm.runtime.install.state import Course, InstallState, Order, Refused
from geminicrm.runtime.inventory import find
from geminicrm.runtime.kit import Kit
from geminicrm.runtime.live import Code, Installed, LoadedVersion
from geminicrm.runtime.manifest import build_manifest
from geminicrm.runtime.manifest_model import Manifest
from geminicrm.runtime.models import Installation
from geminicrm.runtime.present import manifest_of
from geminicrm.runtime.problems import InstallFailed
from geminicrm.runtime.upgrade_rules import carried_settings, refuse_stranger


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A version in the place of the installed one; `secrets` is sealed."""

    row: Installation
    manifest: Manifest
    digest: str
    built_in: bool
    trusted: bool
    hooks: tuple[str, ...] | None
    granted: frozenset[str]
    settings: Mapping[str, Any]
    secrets: str | None

    def code(self, host_id: str) -> Code:
        """Say how its code runs, in a host of that name if it is not built in."""
        return Code(
            installation_id=host_id,
            digest=self.digest,
            built_in=self.built_in,
            trusted=self.trusted,
            hooks=self.hooks,
        )

    def installed(self, loaded: LoadedVersion) -> Installed:
        """Give the installation as it would be with this version."""
        return Installed(
            id=self.row.id,
            workspace_id=self.row.workspace_id,
            extension_id=self.row.extension_id,
            digest=self.digest,
            manifest=self.manifest,
            granted=self.granted,
            settings=MappingProxyType(dict(self.settings)),
            secrets=self.secrets,
            loaded=loaded,
            hosts=allowed_hosts(self.manifest, self.settings),
        )


def present(row: Installation) -> Candidate:
    """Give the version that is installed."""
    return Candidate(
        row=row,
        manifest=manifest_of(row),
        digest=row.digest,
        built_in=row.built_in,
        trusted=row.trusted,
        hooks=_hooks(row),
        granted=frozenset(row.granted),
        settings=row.settings,
        secrets=row.secrets,
    )


def find_candidate(
    kit: Kit, actor: Actor, extension_id: str, version: str | None, *, allow_unsigned: bool
) -> Candidate:
    """Give a version: the installed one for None, one that was here before, or a registry's.

    Raises NotInstalled, NotFound, VersionStopped, InstallFailed (kind `dry run`), OtherOrigin.
    """
    with kit.works.read(actor) as work:
        row = find(work, extension_id)
        rows = history(work, row.id)
    refuse = kit.tools.quarantine.refuse
    if version in {None, row.version}:
        refuse(row.registry_id, extension_id, row.version)
        return present(row)
    past = next((one for one in earlier(rows, row.digest) if one.version == version), None)
    if past is None:
        return _published(kit, actor, row, version, allow_unsigned=allow_unsigned)
    refuse(past.registry_id, extension_id, past.version)
    return _other(kit, row, past, build_manifest(past.manifest), past.digest)


def _published(
    kit: Kit, actor: Actor, row: Installation, version: str | None, *, allow_unsigned: bool
) -> Candidate:
    """Bring a version here from its registry, checked as an install does."""
    unsigned = allow_unsigned or kit.allow_unsigned
    order = Order(
        actor=actor, extension_id=row.extension_id, version=version, allow_unsigned=unsigned
    )
    state = kit.pipeline.read(order, Course(kind="dry run")).state
    with kit.works.read(actor) as work:
        refuse_stranger(work, state.ref)
    try:
        _place(kit, state)
    except Refused as error:
        raise InstallFailed("stage", row.extension_id, error.reason, kind="dry run") from error
    return _other(kit, row, None, state.manifest, state.ref.digest, built_in=state.ref.built_in)


def _place(kit: Kit, state: InstallState) -> None:
    """Put the files where versions are loaded from; nobody uses them, so they go in a day."""
    with held(kit.tools.packages):
        folder = kit.tools.packages / state.ref.hex_digest
        if not folder.exists():
            place_tree(folder, state.files)
        elif not same_tree(folder, state.files):
            raise Refused(f"The folder {folder} does not hold what the package holds; remove it.")


def _other(
    kit: Kit,
    row: Installation,
    past: InstalledVersion | None,
    manifest: Manifest,
    digest: str,
    built_in: bool = False,  # noqa: FBT001, FBT002 - as above
) -> Candidate:
    settings, secrets = carried_settings(kit.vault, row, manifest)
    asked = {*manifest.permissions, *manifest.optional_permissions}
    return Candidate(
        row=row,
        manifest=manifest,
        digest=digest,
        built_in=past.built_in if past else built_in,
        trusted=past.trusted if past else False,
        hooks=_hooks(past) if past else None,
        granted=frozenset(asked & set(row.granted)),
        settings=settings,
        secrets=secrets,
    )


def _hooks(row: Installation | InstalledVersion) -> tuple[str, ...] | None:
    return tuple(row.hooks) if row.hooks is not None else None
