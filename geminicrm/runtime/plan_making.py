"""Makes plans of what steps have found, and of what is stored."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from geminicrm.runtime.changelog import between
from geminicrm.runtime.enforcement import isolation
from geminicrm.runtime.history.models import InstalledVersion
from geminicrm.runtime.install.offers import PackageRef
from geminicrm.runtime.install.pipeline import Run
from geminicrm.runtime.manifest import build_manifest
from geminicrm.runtime.manifest_model import Manifest
from geminicrm.runtime.models import Installation
from geminicrm.runtime.plan import Affected, DataLine, Kind, Plan, PublisherLine, trust_required
from geminicrm.runtime.plan_changes import Before, changes
from geminicrm.runtime.plan_lines import (
    additions,
    host_lines,
    own_event_lines,
    schedule_lines,
    scope_lines,
)
from geminicrm.runtime.semver import SemVer

CHANGELOG = "CHANGELOG.md"
_UNSIGNED = "Its publisher has not signed this package: nothing proves who made it."
_YANKED = "This version was withdrawn by its publisher. It is offered because you named it."


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a plan says beside the version itself; `documents` counts those that are stored."""

    before: Before | None = None
    documents: int = 0
    affected: Sequence[Affected] = ()
    parts: Sequence[Plan] = ()
    advice: Sequence[str] = ()


def make_plan(
    run: Run, kept_documents: int, *, confines: bool, around: Surroundings | None = None
) -> Plan:
    """Read the plan off the steps that looked; `confines` says whether this machine locks hosts."""
    found = around or Surroundings(documents=kept_documents)
    manifest, ref = run.state.manifest, run.state.ref
    trusted = trust_required(ref, confines=confines)
    made = _plan(manifest, _kind(found.before, manifest), found)
    first = found.before.manifest.version if found.before else None
    log = run.state.files.get(CHANGELOG, b"").decode("utf-8", "replace")
    return replace(
        made,
        built_in=ref.built_in,
        signed=ref.signed,
        signed_by=ref.signature.key_id if ref.signature and ref.signed else None,
        size=ref.size,
        isolation=isolation(built_in=ref.built_in, trusted=trusted),
        trust_required=trusted,
        publisher=_publisher(ref, manifest),
        registry_id=ref.registry_id,
        kept_documents=0 if found.before else kept_documents,
        warnings=(*_warnings(ref), *found.advice, *(one.message for one in run.warnings)),
        changelog=between(log, first, manifest.version),
    )


def rollback_plan(row: Installation, past: InstalledVersion, found: Surroundings) -> Plan:
    """Say what going back to a version that was installed here would mean."""
    return _stored(past, _plan(build_manifest(past.manifest), "rollback", found), row)


def uninstall_plan(row: Installation, found: Surroundings) -> Plan:
    """Say what taking an installation away would mean."""
    made = _stored(row, _plan(build_manifest(row.manifest), "uninstall", found), row)
    return replace(made, changes=changes(found.before, None))


def _plan(manifest: Manifest, kind: Kind, found: Surroundings) -> Plan:
    """Give what the manifest says; what vouches for it is filled in by the caller."""
    return Plan(
        kind=kind,
        extension_id=manifest.id,
        version=manifest.version,
        from_version=found.before.manifest.version if found.before else None,
        name=manifest.name,
        description=manifest.description,
        author=manifest.author,
        built_in=False,
        signed=False,
        size=0,
        isolation="",
        trust_required=False,
        scopes=tuple(scope_lines(manifest, manifest.permissions)),
        optional_scopes=tuple(scope_lines(manifest, manifest.optional_permissions)),
        network=tuple(host_lines(manifest)),
        routes=f"/api/extensions/{manifest.id}/",
        hooks=manifest.hooks or (),
        events=manifest.events,
        schedules=tuple(schedule_lines(manifest)),
        own_events=tuple(own_event_lines(manifest)),
        ui=tuple(additions(manifest)),
        required_settings=tuple(
            one.label for one in manifest.settings if one.required and one.default is None
        ),
        python=manifest.requires.python,
        kept_documents=0,
        warnings=(),
        changes=changes(found.before, manifest),
        data=_data(manifest, kind, found),
        affected=tuple(found.affected),
        parts=tuple(found.parts),
    )


def _stored(facts: Installation | InstalledVersion, made: Plan, row: Installation) -> Plan:
    consented = replace(made.changes, needs_consent=False)  # it was, when that version came
    return replace(
        made,
        built_in=facts.built_in,
        signed=facts.signed_by is not None,
        signed_by=facts.signed_by,
        isolation=isolation(built_in=facts.built_in, trusted=facts.trusted),
        publisher=PublisherLine(id=facts.publisher_id, name=made.author, verified=False),
        registry_id=facts.registry_id,
        from_version=row.version,
        changes=consented,
    )


def _kind(before: Before | None, manifest: Manifest) -> Kind:
    if before is None:
        return "install"
    older = SemVer.parse(manifest.version) < SemVer.parse(before.manifest.version)
    return "rollback" if older else "upgrade"


def _data(manifest: Manifest, kind: Kind, found: Surroundings) -> DataLine:
    old = found.before.manifest.storage_version if found.before else None
    new = manifest.storage_version if kind != "uninstall" else None
    # A version reads what the next one wrote, and nobody promises more.
    unreadable = old is not None and new is not None and new < old - 1
    held = "found" if kind == "install" else "kept"
    fate = "lost" if unreadable else held
    return DataLine(
        documents=found.documents,
        fate=fate if found.documents else "none",  # type: ignore[arg-type]  # one of the four
        storage_before=old,
        storage_after=new,
    )


def _publisher(ref: PackageRef, manifest: Manifest) -> PublisherLine:
    """Give the publisher as the signed record names it; the manifest's author where none does."""
    record: dict[str, Any] = json.loads(ref.record) if ref.record else {}
    said = record.get("publisher") or {}
    return PublisherLine(
        id=ref.publisher_id,
        name=str(said.get("name") or manifest.author),
        verified=said.get("verified") is True,
    )


def _warnings(ref: PackageRef) -> tuple[str, ...]:
    found = []
    if ref.state == "yanked":
        found.append(_YANKED)
    if not (ref.signed or ref.built_in):
        found.append(_UNSIGNED)
    return tuple(found)
