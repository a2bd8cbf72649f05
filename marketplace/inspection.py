"""Looking into a package before it is published: everything that is wrong, told at once."""

import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Final

from geminicrm.identity.permissions import EXTENSION_SCOPES
from geminicrm.kernel.errors import Finding, TooLarge, ValidationFailed
from geminicrm.runtime.check.folder import CheckFinding
from geminicrm.runtime.check.run import check_folder
from geminicrm.runtime.manifest import Manifest, parse_manifest
from geminicrm.runtime.package_rules import MAX_PACKAGE_BYTES
from marketplace.package_reader import open_package
from marketplace.pictures import PictureFile, pictures_in

MAX_TEXT: Final = 64 * 1024
MAX_ICON: Final = 256 * 1024
# Ids that are places of the marketplace itself: /marketplace/publish is no extension's page.
RESERVED: Final = frozenset({"from", "publish"})
_PNG: Final = b"\x89PNG\r\n\x1a\n"


class PackageRefused(ValidationFailed):
    """The checks found errors in a package; `findings` holds every one of them."""

    code = "package_refused"
    title = "The package can't be published"


@dataclass(frozen=True, kw_only=True)
class Inspected:
    """What a good package holds: its manifest, and what the marketplace shows of it."""

    manifest: Manifest
    size: int
    readme: str
    changelog: str
    icon: bytes | None
    warnings: tuple[Finding, ...]
    pictures: tuple[PictureFile, ...] = ()
    checked: tuple[CheckFinding, ...] = ()


Previous = Callable[[str, str], Manifest | None]
"""Gives the manifest of the version before one of an extension, by id and version."""


def _nothing_before(_extension_id: str, _version: str) -> None:
    """Know of no version before."""


def inspect(package: bytes, previous: Previous = _nothing_before) -> Inspected:
    """Open and check a package; nothing of it is run.

    TooLarge over 20 MiB, PackageInvalid for what is no package, PackageRefused for a wrong one.
    """
    if len(package) > MAX_PACKAGE_BYTES:
        raise TooLarge(f"A package has at most {MAX_PACKAGE_BYTES} bytes; this has {len(package)}.")
    opened = open_package(package)
    checked = _check(opened.files, previous(opened.id, opened.version))
    manifest = parse_manifest(opened.manifest, known_scopes=EXTENSION_SCOPES)
    return Inspected(
        manifest=manifest,
        size=len(package),
        readme=_text(opened.files, "README.md"),
        changelog=_text(opened.files, "CHANGELOG.md"),
        icon=_icon(opened.files, manifest.icon),
        pictures=pictures_in(opened.files, manifest),
        warnings=tuple(_finding(one) for one in checked),
        checked=checked,
    )


def icon_type(icon: bytes) -> str:
    """Give the media type to serve an icon with; only PNG and SVG are kept."""
    return "image/png" if icon.startswith(_PNG) else "image/svg+xml"


def _check(files: Mapping[str, bytes], previous: Manifest | None) -> tuple[CheckFinding, ...]:
    with tempfile.TemporaryDirectory(prefix="geminicrm-inspect-") as name:
        folder = Path(name)
        for path, content in files.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        found = check_folder(folder, known_scopes=EXTENSION_SCOPES, previous=previous)
    errors = [_finding(one) for one in found if one.severity == "error"]
    errors += _reserved(files["manifest.json"])
    if errors:
        raise PackageRefused(errors)
    return tuple(found)


def _finding(found: CheckFinding) -> Finding:
    """Give a finding whose message does not repeat its pointer."""
    given = found.finding()
    return replace(given, message=given.message.removeprefix(f"{given.pointer}: "))


def _reserved(manifest: bytes) -> list[Finding]:
    # The id was read before; open_package refuses a manifest without one.
    name = json.loads(manifest.decode("utf-8-sig"))["id"]
    if name not in RESERVED:
        return []
    return [Finding("/id", "reserved_id", f"{name!r} is a place of the marketplace: rename it.")]


def _text(files: Mapping[str, bytes], name: str) -> str:
    text = files.get(name, b"")[:MAX_TEXT].decode("utf-8", "replace")
    return text.replace("\x00", "")


def _icon(files: Mapping[str, bytes], name: str | None) -> bytes | None:
    content = files.get(name or "", b"")
    suffix = PurePosixPath(name or "").suffix.lower()
    known = suffix == ".svg" or (suffix == ".png" and content.startswith(_PNG))
    return content if known and 0 < len(content) <= MAX_ICON else None
