"""The pages of jobs in a real browser: both themes, a phone, figures that move."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import update

from geminicrm.kernel.jobs.models import JOBS
from geminicrm.kernel.jobs.schedules import Wanted, keep_schedules
from geminicrm.kernel.owners import own_name
from tests.support.browser import assert_accessible, assert_no_sideways_scroll, serving
from tests.support.core import PASSWORD, START, Tenant
from tests.support.jobs import EVENTS, empty, install, put, put_dead
from tests.support.life import Life
from tests.support.life_app import life_app

pytestmark = [pytest.mark.browser, pytest.mark.journey]
LONG = "ConnectionError: api.scores-of-the-northern-provinces.example.com:443 " + "x" * 200
POLL_MS = 2_100


@pytest.fixture
def mill(life: Life, tenant: Tenant) -> str:
    """Give the target of the jobs of an installed extension."""
    return install(life, tenant, "Lead Mill")


@pytest.fixture
def address(life: Life, mill: str) -> Iterator[str]:
    assert mill
    with serving(life_app(life)) as base:
        yield base


@pytest.fixture
def page(address: str, browser_page: Page, tenant: Tenant) -> Page:
    browser_page.goto(f"{address}/sign-in")
    browser_page.locator("[name=email]").fill(tenant.email)
    browser_page.locator("[name=password]").fill(PASSWORD)
    browser_page.get_by_role("button", name="Sign in").click()
    expect(browser_page.get_by_role("navigation", name="Main")).to_be_visible()
    return browser_page


def visit(page: Page, url: str) -> None:
    page.goto(url)
    expect(page.locator("html[data-ready]")).to_be_attached()


def hold_time(page: Page) -> None:
    """Stop the time of the page, installed before: what leaves after a while stays to be read."""
    page.clock.pause_at(page.evaluate("Date.now() / 1000 + 1"))


def busy_day(life: Life, tenant: Tenant, mill: str) -> str:
    """Have something in every state; give a failed job."""
    core = life.core
    put(core, tenant.id, 3, kind=EVENTS, target=mill)
    put(core, tenant.id, target="ins_gone", payload={"file": "x" * 90})
    later = START + timedelta(minutes=4)
    put(core, tenant.id, target=mill, attempts=3, due_at=later, last_error=LONG)
    put(
        core, tenant.id, target=mill, state="running", progress=40, note="Page 2 of 5",
        leased_by=own_name(), started_at=START, attempts=1,
    )  # fmt: skip
    put(core, tenant.id, target=mill, state="done", result={"sent": 4}, finished_at=START)
    put(core, tenant.id, target=mill, state="cancelled", finished_at=START)
    nightly = Wanted(name="nightly", cron="0 3 * * *", zone="Europe/Berlin", seconds=60)
    with core.works.across_workspaces("a schedule for a test", write=True) as work:
        keep_schedules(work, tenant.id, "extension.schedule", mill, [nightly])
    return put_dead(core, tenant.id, 2, target=mill, last_error=LONG, payload={"page": 7})[0]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_pages_are_accessible_and_fit_a_phone(
    page: Page, address: str, life: Life, tenant: Tenant, mill: str, theme: str
):
    page.context.add_cookies([{"name": "theme", "value": theme, "url": address}])
    visit(page, f"{address}/jobs")
    expect(page.get_by_role("heading", name="Nothing waits")).to_be_visible()
    assert_accessible(page)
    dead = busy_day(life, tenant, mill)
    for path in (
        "/jobs",
        "/jobs?state=running",
        f"/jobs?state=dead&target={mill}",
        "/jobs?state=done,cancelled",
        "/jobs?of=instance",
        "/jobs/schedules",
        f"/jobs/{dead}",
    ):
        page.set_viewport_size({"width": 1280, "height": 860})
        visit(page, f"{address}{path}")
        assert_accessible(page)
        assert_no_sideways_scroll(page)


def figure(page: Page, name: str, value: str) -> None:
    stat = page.locator(".stat").filter(has_text=name)
    expect(stat.locator(".stat-value")).to_have_text(value)


def test_figures_move_by_themselves_until_they_are_paused(
    page: Page, address: str, life: Life, tenant: Tenant, mill: str
):
    jobs = put(life.core, tenant.id, 3, kind=EVENTS, target=mill)
    page.clock.install()
    visit(page, f"{address}/jobs")
    figure(page, "Queued", "3")
    page.locator(f"#{jobs[2]}").focus()
    empty(life.core)
    left = put(life.core, tenant.id, kind=EVENTS, target=mill, id=jobs[2])
    page.clock.fast_forward(POLL_MS)
    figure(page, "Queued", "1")
    expect(page.locator(f"#{left[0]}")).to_be_focused()
    page.get_by_role("link", name="Pause").press("Enter")
    expect(page.get_by_role("link", name="Watch", exact=True)).to_be_visible()
    expect(page.locator("#jobs-watch")).not_to_have_attribute("hx-get", "")
    empty(life.core)
    page.clock.fast_forward(POLL_MS * 2)
    figure(page, "Queued", "1")
    page.get_by_role("link", name="Watch", exact=True).click()
    figure(page, "Queued", "0")


def test_nothing_is_asked_while_nobody_can_see_the_page(
    page: Page, address: str, life: Life, tenant: Tenant, mill: str
):
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.install()
    visit(page, f"{address}/jobs")
    hide = "(hidden) => Object.defineProperty(document, 'hidden', {value: hidden, configurable: 1})"
    page.evaluate(hide, True)  # noqa: FBT003 - the argument of the function above
    put(life.core, tenant.id, 3, kind=EVENTS, target=mill)
    page.clock.fast_forward(POLL_MS * 3)
    page.evaluate(hide, False)  # noqa: FBT003 - as above
    assert [url for url in asked if "/watch" in url] == []
    page.clock.fast_forward(POLL_MS)
    figure(page, "Queued", "3")


def test_a_page_whose_session_has_ended_says_so(page: Page, address: str):
    page.clock.install()
    visit(page, f"{address}/jobs")
    page.context.clear_cookies()
    page.clock.fast_forward(POLL_MS)
    expect(page.get_by_text("Your session has ended.")).to_be_visible()
    expect(page.locator("#jobs-watch")).to_have_count(0)
    assert_accessible(page)


def test_one_that_failed_is_retried_and_watched_to_its_end(
    page: Page, address: str, life: Life, tenant: Tenant, mill: str
):
    (job,) = put_dead(life.core, tenant.id, kind=EVENTS, target=mill, last_error="No route.")
    page.clock.install()
    visit(page, f"{address}/jobs?state=dead")
    page.locator(f"#{job}").press("Enter")
    expect(page.get_by_text("It failed 6 times and is not tried again")).to_be_visible()
    hold_time(page)
    page.get_by_role("button", name="Retry").press("Enter")
    expect(page.get_by_text("The job is queued again.")).to_be_visible()
    page.clock.resume()
    expect(page.get_by_text("It failed 6 of at most 12 times")).to_be_visible()
    with life.core.works.across_workspaces("a worker takes it", write=True) as work:
        values = {"state": "running", "progress": 30, "note": "Page 3", "started_at": START}
        work.session.execute(update(JOBS).values(**values))
    page.clock.fast_forward(POLL_MS)
    expect(page.get_by_role("progressbar")).to_have_attribute("value", "30")
    expect(page.get_by_text("Page 3")).to_be_visible()
    empty(life.core)
    page.clock.fast_forward(POLL_MS)
    expect(page.get_by_text("The event was handed over.")).to_be_visible()
    assert_accessible(page)


def test_all_that_failed_for_an_extension_go_with_one_button(
    page: Page, address: str, life: Life, tenant: Tenant, mill: str
):
    put_dead(life.core, tenant.id, 12, target=mill)
    put_dead(life.core, tenant.id, target="ins_gone")
    page.clock.install()
    visit(page, f"{address}/jobs?state=dead")
    page.get_by_role("link", name="Lead Mill").first.press("Enter")
    expect(page.get_by_role("link", name="Only Lead Mill")).to_be_visible()
    hold_time(page)
    page.get_by_role("button", name="Retry all 12 failed").press("Enter")
    expect(page.get_by_text("12 jobs are queued again.")).to_be_visible()
    figure(page, "Queued", "12")
    figure(page, "Failed", "1")
