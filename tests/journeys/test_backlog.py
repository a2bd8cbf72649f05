"""A backlog drains before one's eyes, its worker is killed, a dead letter is mended and replayed.

On a server that really runs, with a real browser.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.process import clean_environ, command_of
from tests.support.served_demo import SECONDS, ServedDemo
from tests.support.slow_mill import ID, NAME, package
from tests.support.waiting import eventually

pytestmark = [pytest.mark.browser, pytest.mark.journey]
PATIENCE_MS = SECONDS * 1000
LEADS = 60


class Served(ServedDemo):
    """A demo with a slow mill installed in it."""

    def install(self, path: Path) -> None:
        environ = clean_environ(
            GEMINICRM_ENV="test", GEMINICRM_HOME=str(self.home), GEMINICRM_ALLOW_UNSIGNED="yes"
        )
        words = ["ext", "install", str(path), "--yes", "--unsigned"]
        command = [sys.executable, "-m", "geminicrm", *words]
        subprocess.run(command, env=environ, check=True, timeout=SECONDS)

    def configure(self, **settings: object) -> None:
        self.ask("PATCH", f"/api/installations/{ID}", json={"settings": settings})

    def worker(self) -> int:
        """Give the process of the worker that runs now, 0 for none."""
        found = [pid for pid in self.tree.members() if "geminicrm worker" in command_of(pid)]
        return found[0] if len(found) == 1 else 0

    def failing(self) -> str:
        """Give the job that has failed at least once, nothing where none has."""
        jobs = self.ask("GET", "/api/jobs?state=queued&limit=100")["data"]
        return next((one["id"] for one in jobs if one["last_error"]), "")

    def let_it_be_the_last_try(self, job_id: str) -> None:
        """Spend the tries of a job but one: five pauses would take half an hour."""
        self.change_rows("UPDATE jobs SET max_attempts = attempts + 1 WHERE id = ?", job_id)


@pytest.fixture
def served(start_tree: Any, tmp_path: Path) -> Served:
    made = Served(start_tree, tmp_path / "home")
    made.install(package(tmp_path))
    return made


@pytest.fixture
def page(served: Served, browser_page: Page) -> Page:
    return served.sign_in(browser_page)


def figure(page: Page, name: str) -> Locator:
    """Find a figure of the page."""
    return page.locator(".stat").filter(has_text=name).locator(".stat-value")


def left(page: Page) -> int:
    """Read how much is left; what a worker has leased counts as running before it has begun."""
    page.wait_for_timeout(100)  # the page is changed by a poll of its own; it has to be let do so
    return sum(int(figure(page, name).text_content() or "") for name in ("Queued", "Running"))


def see_it_drain(page: Page) -> None:
    """See that it gets less, by itself, and how fast."""
    seen = eventually(lambda: left(page), SECONDS)
    eventually(lambda: left(page) < seen, SECONDS)
    expect(page.get_by_text("a second done")).to_be_visible(timeout=PATIENCE_MS)


def see_another_take_over(served: Served, page: Page, first: int) -> None:
    """See the next worker with the work of the one that was killed."""
    second = eventually(lambda: served.worker() not in {0, first} and served.worker(), SECONDS)
    other = page.locator(f"[data-worker='{second}']")
    expect(other.get_by_text("Alive")).to_be_visible(timeout=PATIENCE_MS)
    expect(other).to_contain_text(NAME, timeout=PATIENCE_MS)
    expect(page.locator(f"[data-worker='{first}']")).to_have_count(0, timeout=PATIENCE_MS)


def see_it_end(page: Page) -> None:
    """See the figures reach 0."""
    for name in ("Queued", "Running"):
        expect(figure(page, name)).to_have_text("0", timeout=PATIENCE_MS)
    eventually(lambda: left(page) == 0, SECONDS)


def test_a_person_watches_a_backlog_drain_and_mends_what_failed(served: Served, page: Page):
    page.goto(f"{served.address}/jobs")
    first = eventually(served.worker, SECONDS)
    row = page.locator(f"[data-worker='{first}']")
    expect(row.get_by_text("Alive")).to_be_visible(timeout=PATIENCE_MS)
    served.lead("Stone")
    job = eventually(served.failing, SECONDS)
    served.let_it_be_the_last_try(job)
    for number in range(LEADS):
        served.lead(f"Grain {number}")
    see_it_drain(page)
    expect(row).to_contain_text(NAME, timeout=PATIENCE_MS)
    os.kill(first, signal.SIGKILL)
    see_another_take_over(served, page, first)
    served.configure(seconds=0)
    see_it_end(page)
    page.get_by_role("link", name="Failed 1").click()
    page.locator(f"#{job}").click()
    expect(page.get_by_text("the mill is jammed").first).to_be_visible()
    expect(page.get_by_text('"last_name": "Stone"')).to_be_visible()
    served.configure(jammed=False)
    page.get_by_role("button", name="Retry").click()
    expect(page.get_by_text("The event was handed over.")).to_be_visible(timeout=PATIENCE_MS)
    states = served.ask("GET", "/api/jobs/summary")["states"]
    assert (states["queued"], states["running"], states["dead"]) == (0, 0, 0)
