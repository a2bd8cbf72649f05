"""Recall: a version that was here before, from what was written down of it and its folder."""

from dataclasses import replace

from geminicrm.kernel.errors import NotFound, Unavailable
from geminicrm.runtime.history.models import InstalledVersion
from geminicrm.runtime.install.offers import PackageRef, Signature
from geminicrm.runtime.install.state import InstallState, Refused, Tools
from geminicrm.runtime.manifest import build_manifest
from geminicrm.runtime.models import EMBEDDED


def do(state: InstallState, tools: Tools) -> InstallState:
    """Take it up again; one that its registry has stopped since is refused."""
    past = state.past
    ref = ref_of(past)
    tools.quarantine.refuse(ref.registry_id, ref.extension_id, ref.version)
    _ask_registry(state, ref, tools)
    return replace(state, ref_found=ref, manifest_read=build_manifest(past.manifest), recalled=True)


def ref_of(past: InstalledVersion) -> PackageRef:
    """Name the package of an earlier version; its signature was checked when it came."""
    return PackageRef(
        extension_id=past.extension_id,
        version=past.version,
        digest=past.digest,
        built_in=past.built_in,
        signed=past.signed_by is not None,
        size=0,
        registry_id=past.registry_id,
        publisher_id=past.publisher_id,
        signature=Signature(past.signed_by, "") if past.signed_by else None,
    )


def _ask_registry(state: InstallState, ref: PackageRef, tools: Tools) -> None:
    """Refuse what is quarantined; a registry that is away, or has forgotten it, keeps nobody.

    Where a version has failed and has to go at once, no other machine is waited for.
    """
    if state.course.kind == "return" and ref.registry_id != EMBEDDED:
        return
    workspace_id = state.order.actor.workspace_id
    try:
        found = tools.source.find(workspace_id, ref.extension_id, ref.version)
    except (NotFound, Unavailable):
        return
    if found.hex_digest != ref.hex_digest and not ref.built_in:
        raise Refused(f"The registry has another package as {ref.version} now.")
