"""A Chromium of this machine, driven by Playwright."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

MISSING = "Chromium is not on this machine (chromium not found)"
NAMES = ("chromium", "chromium-browser", "google-chrome")
# Root may not use Chromium's own sandbox; the pages are our own.
ARGUMENTS = ("--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu")


def find_chromium() -> str | None:
    """Give the path of a browser, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Give one browser a test module; skips where there is none."""
    binary = find_chromium()
    if binary is None:
        pytest.skip(MISSING)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=binary, args=list(ARGUMENTS))
        yield launched
        launched.close()


@pytest.fixture
def browser(chromium: Browser) -> Iterator[BrowserContext]:
    """Give a browser without cookies: `browser.new_page()` opens a page."""
    context = chromium.new_context()
    context.set_default_timeout(10_000)
    yield context
    context.close()
