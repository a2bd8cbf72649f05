"""Rule: screenshots are there, are pictures, and can be shown."""

from collections.abc import Iterator
from typing import Final

from geminicrm.runtime.check.findings import in_manifest
from geminicrm.runtime.check.folder import CheckFinding, ExtensionFolder
from geminicrm.runtime.manifest_model import Screenshot
from geminicrm.runtime.pictures import measure

MAX_SCREENSHOT: Final = 2 * 1024 * 1024
MAX_PIXELS: Final = 4_000


def check(folder: ExtensionFolder) -> list[CheckFinding]:
    """Look at each by its bytes, whatever its name says."""
    shots = folder.manifest.screenshots if folder.manifest else ()
    looked = [_one(folder, shot, f"/screenshots/{at}") for at, shot in enumerate(shots)]
    return [finding for each in looked for finding in each]


def _one(folder: ExtensionFolder, shot: Screenshot, pointer: str) -> Iterator[CheckFinding]:
    if not shot.caption.strip():
        message = f"{shot.path} has no caption: say what it shows, for those who can't see it."
        yield in_manifest("missing_caption", message, pointer)
    pointer = f"{pointer}/path"
    if not folder.has_file(shot.path):
        message = f"There is no file {shot.path}: add it or take it off the list."
        yield in_manifest("missing_screenshot", message, pointer)
        return
    content = folder.read(shot.path, MAX_SCREENSHOT + 1)
    if len(content) > MAX_SCREENSHOT:
        most = MAX_SCREENSHOT // 1024 // 1024
        message = f"{shot.path} has more than {most} MiB: make it smaller."
        yield in_manifest("screenshot_too_large", message, pointer)
        return
    picture = measure(content)
    if picture is None:
        message = f"{shot.path} is no PNG, JPEG or WebP, whatever its name says: save it as one."
        yield in_manifest("wrong_screenshot", message, pointer)
    elif max(picture.width, picture.height) > MAX_PIXELS:
        message = (
            f"{shot.path} is {picture.width} by {picture.height} pixels; at most {MAX_PIXELS} "
            "either way can be shown."
        )
        yield in_manifest("screenshot_too_large", message, pointer)
