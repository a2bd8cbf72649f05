"""Rule: an icon makes the extension easy to find. Only one that could act is an error."""

from pathlib import PurePosixPath
from typing import Final

from geminicrm.runtime.check.findings import in_manifest
from geminicrm.runtime.check.folder import CheckFinding, ExtensionFolder
from geminicrm.runtime.check.svg import NotSvg, UnsafeSvg, svg_size
from geminicrm.runtime.pictures import measure

MAX_ICON: Final = 256 * 1024
_POINTER: Final = "/icon"
_SUFFIXES: Final = frozenset({".png", ".svg"})
# How far from a square still looks like one.
_SLACK: Final = 0.02


def check(folder: ExtensionFolder) -> list[CheckFinding]:
    """Look for the icon that the manifest names, and into it."""
    if folder.manifest is None:
        return []
    icon = folder.manifest.icon or ""
    suffix = PurePosixPath(icon).suffix.lower()
    if not (icon and folder.has_file(icon) and suffix in _SUFFIXES):
        message = f"{icon or 'An icon'} is missing or neither PNG nor SVG: add static/icon.svg."
        return [in_manifest("missing_icon", message, _POINTER)]
    content = folder.read(icon, MAX_ICON + 1)
    if len(content) > MAX_ICON:
        message = f"{icon} has more than {MAX_ICON // 1024} KiB: make it smaller."
        return [in_manifest("icon_too_large", message, _POINTER)]
    return _svg(icon, content) if suffix == ".svg" else _png(icon, content)


def _svg(icon: str, content: bytes) -> list[CheckFinding]:
    try:
        return _square(icon, svg_size(content))
    except UnsafeSvg as error:
        return [in_manifest("unsafe_svg", f"{icon} must not be shown: {error}.", _POINTER)]
    except NotSvg as error:
        return [in_manifest("wrong_icon", f"{icon} is no SVG: {error}.", _POINTER)]


def _png(icon: str, content: bytes) -> list[CheckFinding]:
    picture = measure(content)
    if picture is None or picture.media_type != "image/png":
        message = f"{icon} is no PNG, whatever its name says: save it as one."
        return [in_manifest("wrong_icon", message, _POINTER)]
    return _square(icon, (picture.width, picture.height))


def _square(icon: str, size: tuple[float, float] | None) -> list[CheckFinding]:
    if size is None or abs(size[0] - size[1]) <= _SLACK * max(size):
        return []
    message = f"{icon} is {size[0]:g} by {size[1]:g}: icons are shown square."
    return [in_manifest("icon_not_square", message, _POINTER)]
