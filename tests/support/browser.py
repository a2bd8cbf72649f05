"""A real browser for page tests; whatever it complains about fails the test."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright
from werkzeug.serving import make_server

_PATIENCE = 60_000  # milliseconds; the machine may be busy
_FLAGS = (
    "--no-sandbox",  # the sandbox of Chromium does not start as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_AXE = Path(__file__).resolve().parent.parent / "vendor" / "axe.min.js"
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# An init script is not subject to the page's policy, so it also sees what the policy stops.
_WATCH = """
document.addEventListener("securitypolicyviolation", (event) => {
  console.error(`securitypolicyviolation: ${event.violatedDirective} ${event.blockedURI}`);
});
"""


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """Serve an app on a free loopback port from a thread; gives its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start Chromium once for the run; skips by name where there is none."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("no browser: chromium is not installed")
    expect.set_options(timeout=_PATIENCE)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=list(_FLAGS))
        yield started
        started.close()


@pytest.fixture
def browser_problems() -> list[str]:
    """Give the complaints of the page so far; a test that expects one asserts and clears it."""
    return []


@pytest.fixture
def browser_page(browser: Browser, browser_problems: list[str]) -> Iterator[Page]:
    """Give an empty page; console errors, exceptions and policy violations fail the test."""

    def note(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            browser_problems.append(f"{message.type}: {message.text}")

    context = browser.new_context(viewport={"width": 1280, "height": 860}, reduced_motion="reduce")
    context.add_init_script(_WATCH)
    context.set_default_timeout(_PATIENCE)
    page = context.new_page()
    page.on("console", note)
    page.on("pageerror", lambda error: browser_problems.append(f"exception: {error}"))
    yield page
    context.close()
    assert browser_problems == []


def accessibility_findings(page: Page) -> list[str]:
    """Give what axe finds on the page as it stands, one line for each element."""
    page.evaluate(_AXE.read_text())
    options: dict[str, Any] = {"runOnly": _RULES}
    result = page.evaluate("(options) => axe.run(options)", options)
    return [
        f"{found['id']}: {node['html'][:200]} {node.get('failureSummary', '')}"
        for found in result["violations"]
        for node in found["nodes"]
    ]


def assert_accessible(page: Page) -> None:
    """Fail on any violation of WCAG 2.2 AA or axe's best practice."""
    findings = accessibility_findings(page)
    assert not findings, "\n".join(findings)


def assert_no_sideways_scroll(page: Page) -> None:
    """Fail when the page is wider than a phone of 390 px; axe does not see that."""
    page.set_viewport_size({"width": 390, "height": 844})
    widths = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert widths[0] <= widths[1], f"the page is {widths[0]} px wide, the window {widths[1]} px"
