"""The main job, whole: a person signs in, looks around, installs, uses, uninstalls; no restart.

The server is the real tree with two web workers, on SQLite and on PostgreSQL.
"""

import re
import sys

import orjson
import pytest
import requests
from playwright.sync_api import Page, expect

from tests.support.browser import assert_accessible, assert_no_sideways_scroll
from tests.support.ports import free_port

_SECONDS = 90
DESKTOP = {"width": 1280, "height": 860}
pytestmark = pytest.mark.journey


class Place:
    """A running demo: its address, its sign-in, its token."""

    def __init__(self, home):
        demo = orjson.loads((home / "demo.json").read_bytes())
        self.url = demo["url"]
        self.email = demo["email"]
        self.password = demo["password"]
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {demo['api_token']}"

    def call(self, method, path, status=200, **body):
        answer = self.session.request(method, self.url + path, json=body or None, timeout=30)
        assert answer.status_code == status, answer.text
        return orjson.loads(answer.content or b"null")


@pytest.fixture
def place(start_tree, tmp_path, database_url):
    port = free_port()
    tree = start_tree(
        [sys.executable, "-m", "geminicrm", "serve", "--demo"],
        GEMINICRM_ENV="test",
        GEMINICRM_HOME=str(tmp_path / "home"),
        GEMINICRM_DATABASE_URL=database_url,
        GEMINICRM_WEB_WORKERS="2",
        PORT=str(port),
    )
    tree.wait_for_ok(f"http://127.0.0.1:{port}/readyz", _SECONDS)
    made = Place(tmp_path / "home")
    yield made
    made.session.close()
    tree.stop()


def _look(page: Page) -> None:
    """Hold the page to what every page promises: accessible, and no wider than a phone."""
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    assert_accessible(page)
    page.set_viewport_size(DESKTOP)


def _sign_in(page: Page, place: Place) -> None:
    page.goto(f"{place.url}/leads")
    expect(page).to_have_url(re.compile("/sign-in"))
    _look(page)
    page.get_by_label("E-mail").fill(place.email)
    page.get_by_label("Password").fill(place.password)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{place.url}/leads")


def _look_around(page: Page) -> None:
    expect(page.get_by_role("heading", name="Leads", level=1)).to_be_visible()
    assert page.locator("tr[data-row]").count() >= 20
    _look(page)
    page.get_by_role("link", name="Deals", exact=True).first.click()
    expect(page.get_by_role("heading", name="Deals", level=1)).to_be_visible()
    assert page.locator("[data-board-card]").count() >= 20
    _look(page)


def _install(page: Page) -> None:
    page.get_by_role("link", name="Marketplace", exact=True).first.click()
    expect(page.get_by_role("heading", name="Marketplace", level=1)).to_be_visible()
    _look(page)
    page.get_by_role("link", name="Lead scoring").click()
    expect(page.get_by_text("It will be able to")).to_be_visible()
    expect(page.get_by_text("Create, edit and delete leads").first).to_be_visible()
    expect(page.get_by_text("It will not be able to")).to_be_visible()
    _look(page)
    page.get_by_role("link", name="Install", exact=True).first.click()
    expect(page.get_by_role("heading", name="Install Lead scoring?")).to_be_visible()
    _look(page)
    page.get_by_role("button", name="Allow and install").click()
    expect(page.get_by_text("Healthy").first).to_be_visible()
    _look(page)


def _use(page: Page, place: Place) -> None:
    page.goto(f"{place.url}/leads")
    page.locator("tr[data-row] a").first.click()
    expect(page.get_by_text("via Lead scoring")).to_be_visible()
    _look(page)
    page.goto(f"{place.url}/")
    expect(page.get_by_text("Hottest leads")).to_be_visible()
    _look(page)
    page.goto(f"{place.url}/installed/lead-scoring/settings")
    _look(page)
    page.get_by_label(re.compile("blocked", re.IGNORECASE)).fill("spam.example")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("saved").first).to_be_attached()


def _uninstall(page: Page, place: Place) -> None:
    page.goto(f"{place.url}/installed/lead-scoring")
    _look(page)
    page.get_by_role("link", name="Uninstall").first.click()
    _look(page)
    page.get_by_role("button", name="Uninstall").click()
    expect(page).to_have_url(re.compile("/installed$"))
    page.goto(f"{place.url}/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_text("Hottest leads")).to_have_count(0)


@pytest.mark.browser
def test_a_person_extends_the_crm(browser_page, place):
    spam = {"last_name": "Bot", "email": "bot@spam.example"}
    _sign_in(browser_page, place)
    _look_around(browser_page)
    _install(browser_page)
    _use(browser_page, place)
    refused = place.call("POST", "/api/leads", 422, **spam)
    assert refused["extension"] == "lead-scoring"
    _uninstall(browser_page, place)
    place.call("POST", "/api/leads", 201, **spam)


def _from_every_worker(place, path, status=200):
    """Ask on new connections, which meet both workers."""
    answers = []
    for _ in range(12):
        place.session.close()
        answers.append(place.call("GET", path, status))
    return answers


def test_a_program_does_the_same(place):
    hello = "/api/extensions/hello-routes/hello"
    assert place.call("GET", "/api/installations")["data"] == []
    offered = {one["id"] for one in place.call("GET", "/api/marketplace/extensions")["data"]}
    assert offered == {
        *("deal-alerts", "hello-routes", "hubspot"),
        *("lead-scoring", "smtp-email", "stripe"),
    }

    asked = place.call("POST", "/api/installations", 409, extension_id="hello-routes")
    wanted = [scope["scope"] for scope in asked["plan"]["scopes"]]
    made = place.call("POST", "/api/installations", 201, extension_id="hello-routes", grant=wanted)
    assert (made["status"], made["live"]) == ("enabled", True)
    assert {answer["leads"] for answer in _from_every_worker(place, hello)} == {90}

    place.call("PATCH", "/api/installations/hello-routes", enabled=False)
    _from_every_worker(place, hello, 404)
    place.call("PATCH", "/api/installations/hello-routes", enabled=True)
    _from_every_worker(place, hello)

    place.call("DELETE", "/api/installations/hello-routes?data=purge")
    _from_every_worker(place, hello, 404)
    assert place.call("GET", "/api/installations")["data"] == []
