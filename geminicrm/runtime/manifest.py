"""manifest.json: from bytes of a stranger to a frozen Manifest, or all that is wrong with it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from extensions.sdk.api_version import CURRENT_API_VERSION, SUPPORTED_API_VERSIONS
from geminicrm.kernel.errors import Finding, ValidationFailed
from geminicrm.runtime.manifest_build import build_manifest
from geminicrm.runtime.manifest_capabilities import capability_findings
from geminicrm.runtime.manifest_events import event_findings
from geminicrm.runtime.manifest_model import Manifest, NetworkEntry, Setting
from geminicrm.runtime.manifest_rules import rule_findings
from geminicrm.runtime.manifest_schema import manifest_schema, schema_findings
from geminicrm.runtime.semver import NotAVersion, Range, SemVer
from geminicrm.runtime.settings_check import default_findings
from geminicrm.runtime.strict_json import read_json, shorten

__all__ = [
    "MAX_MANIFEST_BYTES",
    "Identity",
    "Manifest",
    "ManifestInvalid",
    "NetworkEntry",
    "Setting",
    "build_manifest",
    "manifest_schema",
    "parse_manifest",
    "read_identity",
]

MAX_MANIFEST_BYTES: Final = 256 * 1024


class ManifestInvalid(ValidationFailed):
    """A manifest.json can't be accepted; `findings` says everything that is wrong with it."""

    code = "manifest_invalid"
    title = "The extension's manifest is wrong"


@dataclass(frozen=True, slots=True)
class Identity:
    """What a manifest is called, before anything else of it is known."""

    id: str
    version: str


def read_identity(raw: bytes) -> Identity:
    """Read only id and version, such as for the name of a package. Raises `ManifestInvalid`."""
    data, findings = read_json(raw, MAX_MANIFEST_BYTES)
    if not isinstance(data, dict):
        message = f"A manifest is an object, not {shorten(data)}."
        raise ManifestInvalid(findings or [Finding("", "wrong_type", message)])
    findings = [one for one in schema_findings(data) if one.pointer in {"/id", "/version"}]
    if findings:
        raise ManifestInvalid(findings)
    return Identity(data["id"], data["version"])


def parse_manifest(
    raw: bytes, *, known_scopes: Collection[str], core_version: str | None = None
) -> Manifest:
    """Read and check a manifest of at most `MAX_MANIFEST_BYTES`.

    `known_scopes` are the permissions that extensions may ask for. With `core_version` a manifest
    that requires other versions of the CRM is refused for that alone: its other properties may
    belong to a schema that is not known here. Raises `ManifestInvalid`, and nothing else.

    A manifest that was stored after this check is read back by `build_manifest(manifest.source)`.
    """
    data, findings = read_json(raw, MAX_MANIFEST_BYTES)
    if not isinstance(data, dict):
        message = f"A manifest is an object, not {shorten(data)}."
        raise ManifestInvalid(findings or [Finding("", "wrong_type", message)])
    other_core = _other_core(data, core_version)
    if other_core is not None:
        raise ManifestInvalid([other_core])
    findings += schema_findings(data)
    findings += rule_findings(data, known_scopes)
    findings += event_findings(data)
    findings += capability_findings(data)
    if not findings:
        findings += default_findings(build_manifest(data).settings)
    if findings:
        raise ManifestInvalid(findings)
    return build_manifest(data)


def _other_core(data: Mapping[str, Any], core_version: str | None) -> Finding | None:
    api_version = data.get("api_version", CURRENT_API_VERSION)
    whole = isinstance(api_version, int) and not isinstance(api_version, bool)
    if whole and api_version > max(SUPPORTED_API_VERSIONS):
        newest = max(SUPPORTED_API_VERSIONS)
        message = (
            f"The extension needs a newer core: it has api_version {api_version}, and this core "
            f"knows up to {newest}. Upgrade the core, or use an older version of it."
        )
        return Finding("/api_version", "needs_newer_core", message)
    requires = data.get("requires")
    wanted = requires.get("geminicrm") if isinstance(requires, dict) else None
    if core_version is None or not isinstance(wanted, str) or _allows(wanted, core_version):
        return None
    message = (
        f"The extension needs GeminiCRM Pro {wanted[:100]}, and this is {core_version}. "
        "Upgrade the core, or use another version of the extension."
    )
    return Finding("/requires/geminicrm", "needs_other_core", message)


def _allows(wanted: str, core_version: str) -> bool:
    try:
        return Range.parse(wanted).allows(SemVer.parse(core_version))
    except NotAVersion:
        return True  # not for want of another core: the rules report the range itself
