"""Validate: unpack, read the manifest, run the static checks."""

import tempfile
from dataclasses import replace
from pathlib import Path

from geminicrm.kernel.errors import AppError, Finding, ValidationFailed
from geminicrm.runtime.install.files import write_tree
from geminicrm.runtime.install.offers import PackageRef
from geminicrm.runtime.install.state import Files, InstallState, Refused, Tools
from geminicrm.runtime.manifest_model import Manifest

MANIFEST = "manifest.json"


def do(state: InstallState, tools: Tools) -> InstallState:
    """Refuse a package with any error; keep the warnings for the admin to read."""
    files = _unpacked(state, tools)
    manifest = _manifest(files, tools)
    _same_identity(manifest, state.ref)
    _sockets_of_ours(manifest, state.ref)
    with tempfile.TemporaryDirectory(prefix="geminicrm-check-") as name:
        folder = Path(name)
        _write(folder, files)
        checked = tools.check(folder, manifest)
    if checked.errors:
        raise Refused("The static checks found errors.", _place(checked.errors), checked.errors)
    return replace(state, files=files, manifest_read=manifest, warnings=checked.warnings)


def _unpacked(state: InstallState, tools: Tools) -> Files:
    try:
        return tools.unpack(state.content)
    except ValidationFailed as error:
        raise Refused(error.detail, "", error.findings) from error
    except AppError as error:
        raise Refused(error.detail) from error


def _write(folder: Path, files: Files) -> None:
    try:
        write_tree(folder, files)
    except (ValueError, OSError) as error:
        raise Refused(f"The package can't be unpacked: {error}.") from error


def _manifest(files: Files, tools: Tools) -> Manifest:
    if MANIFEST not in files:
        raise Refused("The package has no manifest.json at its root.", MANIFEST)
    try:
        return tools.manifest(files[MANIFEST])
    except ValidationFailed as error:
        raise Refused("The manifest is wrong.", MANIFEST, error.findings) from error


def _same_identity(manifest: Manifest, ref: PackageRef) -> None:
    findings = [
        Finding(f"/{name}", "other_identity", f"{found!r} is not the published {wanted!r}.")
        for name, found, wanted in (
            ("id", manifest.id, ref.extension_id),
            ("version", manifest.version, ref.version),
        )
        if found != wanted
    ]
    if findings:
        raise Refused("The package says that it is another one.", MANIFEST, findings)


def _sockets_of_ours(manifest: Manifest, ref: PackageRef) -> None:
    if manifest.sockets and not ref.built_in:
        raise Refused(
            "It opens connections of its own, which only extensions that come with the CRM may.",
            "/sockets",
        )


def _place(findings: tuple[Finding, ...]) -> str:
    return findings[0].pointer
