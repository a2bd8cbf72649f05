"""Makes the pictures of the documentation from a running demo, which it does not start itself.

`python -m tools.screenshots http://127.0.0.1:8000 var/demo.json [FOLDER]` writes `<name>.png` for
each of SHOTS; the folder is docs/images unless another is given. Needs Chromium.
"""

import json
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
_FLAGS = ("--no-sandbox", "--disable-gpu")  # the sandbox of Chromium does not start as root
_WIDTH = 1280


class NoBrowser(Exception):
    """There is no Chromium on this machine."""


@dataclass(frozen=True)
class Shot:
    """One picture: its name, the page, and how many pixels of it are shown."""

    name: str
    path: str
    height: int


SHOTS = (
    Shot("marketplace", "/marketplace/lead-scoring", 860),
    Shot("consent", "/marketplace/lead-scoring/install", 900),
    Shot("board", "/deals", 760),
)


def sign_in(page: Page, address: str, sign_in_of: dict[str, str]) -> None:
    """Sign in as the demo's owner."""
    page.goto(f"{address}/sign-in")
    page.get_by_label("E-mail").fill(sign_in_of["email"])
    page.get_by_label("Password").fill(sign_in_of["password"])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{address}/")


def shoot(browser: Browser, address: str, demo: Path, folder: Path) -> list[Path]:
    """Write every picture, in the light theme, and give the files."""
    context = browser.new_context(color_scheme="light", reduced_motion="reduce")
    page = context.new_page()
    sign_in(page, address, json.loads(demo.read_text(encoding="utf-8")))
    folder.mkdir(parents=True, exist_ok=True)
    made = [_take(page, address, shot, folder) for shot in SHOTS]
    context.close()
    return made


def _take(page: Page, address: str, shot: Shot, folder: Path) -> Path:
    page.set_viewport_size({"width": _WIDTH, "height": shot.height})
    page.goto(f"{address}{shot.path}", wait_until="networkidle")
    path = folder / f"{shot.name}.png"
    page.screenshot(path=path)
    return path


def main(arguments: Sequence[str]) -> int:
    """Make the pictures; NoBrowser where there is no Chromium."""
    address, demo, *place = arguments
    chromium = shutil.which("chromium")
    if chromium is None:
        raise NoBrowser("chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(_FLAGS))
        made = shoot(browser, address, Path(demo), Path(place[0]) if place else IMAGES)
        browser.close()
    print("\n".join(map(str, made)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
