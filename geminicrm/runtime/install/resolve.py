"""Resolve: does the version fit this core and what else is installed."""

from collections.abc import Iterator, Mapping

from sqlalchemy import select

from geminicrm.kernel.errors import Finding
from geminicrm.kernel.work import Work
from geminicrm.runtime.install.state import InstallState, Refused, Tools
from geminicrm.runtime.manifest_model import Manifest
from geminicrm.runtime.models import Installation
from geminicrm.runtime.semver import Range, SemVer

Installed = Mapping[str, tuple[str, bool]]


def do(state: InstallState, tools: Tools) -> InstallState:
    """Refuse with every requirement that is not met, in words."""
    manifest = state.manifest
    with tools.works.read(state.order.actor) as work:
        findings = [*_core(manifest, tools), *unmet(work, manifest)]
    if findings:
        reasons = " ".join(finding.message for finding in findings)
        raise Refused(reasons, "manifest.json", findings)
    return state


def unmet(work: Work, manifest: Manifest) -> list[Finding]:
    """Find the extensions that the manifest requires and the workspace lacks."""
    wanted = manifest.requires.extensions
    rows = work.session.execute(
        select(Installation.extension_id, Installation.version, Installation.enabled).where(
            Installation.extension_id.in_(wanted)
        )
    ).all()
    return list(_extensions(wanted, {name: (version, enabled) for name, version, enabled in rows}))


def _core(manifest: Manifest, tools: Tools) -> Iterator[Finding]:
    if manifest.api_version not in tools.api_versions:
        known = ", ".join(str(each) for each in sorted(tools.api_versions))
        yield Finding(
            "/api_version",
            "api_version",
            f"It speaks api_version {manifest.api_version}, and this core {known}.",
        )
    wanted = manifest.requires.geminicrm
    if wanted is not None and not Range.parse(wanted).allows(SemVer.parse(tools.core_version)):
        yield Finding(
            "/requires/geminicrm",
            "needs_other_core",
            f"It needs GeminiCRM Pro {wanted}, and this is {tools.core_version}.",
        )


def _extensions(wanted: Mapping[str, str], installed: Installed) -> Iterator[Finding]:
    for name, versions in wanted.items():
        lack = _lack(name, versions, installed)
        if lack:
            yield Finding(f"/requires/extensions/{name}", "needs_extension", lack)


def _lack(name: str, versions: str, installed: Installed) -> str:
    if name not in installed:
        return f"It needs the extension {name!r} {versions}: install that first."
    version, enabled = installed[name]
    if not Range.parse(versions).allows(SemVer.parse(version)):
        return f"It needs the extension {name!r} {versions}, and {version} is installed."
    return "" if enabled else f"It needs the extension {name!r}, which is disabled: enable it."
