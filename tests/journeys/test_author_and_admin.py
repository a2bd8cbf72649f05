"""An author and an admin: signed up, published, installed, reviewed, upgraded, broken, returned.

On a real server, in real pages and on the command line; author and admin are of two workspaces.
"""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import assert_accessible, assert_no_sideways_scroll
from tests.support.ports import free_port
from tests.support.process import Tree, clean_environ
from tests.support.waiting import eventually

pytestmark = [pytest.mark.browser, pytest.mark.journey]

_SECONDS = 120.0
_PASSWORD = "correct horse battery staple"
_AUTHOR, _ADMIN = "ada@labs.example", "olga@shop.example"
ID = "pet-names"
PAGE = f"/installed/{ID}"
HELLO, WELCOME = '{"message":"Hello, Shop!"}\n', '{"message":"Welcome, Shop!"}\n'
FAILED = 502
ANSWER = 'return {"message": f"Hello, {app.workspace.name}!"}'


@dataclass
class Place:
    """A server, and the folder on the author's machine."""

    tree: Tree
    home: Path
    folder: Path
    address: str

    def command(self, *words: str) -> str:
        """Run a command; give what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "geminicrm", *words],
            env=clean_environ(GEMINICRM_ENV="test", GEMINICRM_HOME=str(self.home)),
            cwd=self.folder,
            check=True,
            capture_output=True,
            timeout=_SECONDS,
        )
        return done.stdout.decode()

    def user(self, email: str, workspace: str) -> str:
        """Make an owner of a workspace of their own; give a token of theirs."""
        words = ("--role", "owner", "--new-workspace", "--workspace", workspace)
        self.command("users", "create", "--email", email, "--password", _PASSWORD, *words)
        scopes = "read:leads read:extensions"
        words = ("--scopes", scopes, "--workspace", workspace, "--json")
        made = json.loads(self.command("tokens", "create", "--user", email, *words))
        return str(made["token"])

    def package(self, version: str, answer: str = ANSWER, **manifest: Any) -> Path:
        """Change the author's extension, pack it and sign it."""
        folder = self.folder / "pet_names"
        members = {**json.loads((folder / "manifest.json").read_text()), **manifest}
        (folder / "manifest.json").write_text(json.dumps({**members, "version": version}))
        (folder / "CHANGELOG.md").write_text(f"## {version}\n\nBetter than before.\n")
        (folder / "README.md").write_text("# Pet names\n\nGreets whoever asks.\n")
        routes = (folder / "routes.py").read_text()
        line = re.compile(r"^( +)(return \{\"message\".*|raise .*)$", re.MULTILINE)
        (folder / "routes.py").write_text(line.sub(rf"\g<1>{answer}", routes))
        self.command("ext", "pack", "pet_names")
        packed = self.folder / f"{ID}-{version}.gcx"
        self.command("ext", "sign", packed.name, "--key", "key.pem")
        return packed


@pytest.fixture
def place(start_tree: Callable[..., Tree], tmp_path: Path) -> Place:
    """Give a server with nothing in it, and a new extension on the author's machine."""
    port, home = free_port(), tmp_path / "home"
    tree = start_tree(
        [sys.executable, "-m", "geminicrm", "serve"],
        GEMINICRM_ENV="test",
        GEMINICRM_HOME=str(home),
        PORT=str(port),
    )
    tree.wait_for_ok(f"http://127.0.0.1:{port}/readyz", _SECONDS)
    made = Place(tree, home, tmp_path, f"http://127.0.0.1:{port}")
    made.command("ext", "new", ID)
    return made


@pytest.fixture
def open_page(browser: Browser, place: Place) -> Iterator[Callable[[str], Page]]:
    """Give a function that signs somebody in, in a browser of their own."""
    contexts = []

    def sign_in(email: str) -> Page:
        context = browser.new_context(viewport={"width": 1280, "height": 860})
        context.set_default_timeout(60_000)  # milliseconds; the machine may be busy
        contexts.append(context)
        page = context.new_page()
        page.goto(f"{place.address}/sign-in")
        page.locator("[name=email]").fill(email)
        page.locator("[name=password]").fill(_PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("navigation", name="Main")).to_be_visible()
        return page

    yield sign_in
    for context in contexts:
        context.close()


def looks_well(page: Page) -> None:
    """Check a page as it is: accessible, and nothing beside the screen of a phone."""
    assert_accessible(page)
    page.set_viewport_size({"width": 390, "height": 800})
    assert_no_sideways_scroll(page)
    page.set_viewport_size({"width": 1280, "height": 860})


def signs_up(page: Page, place: Place) -> None:
    """Become a publisher with a key."""
    page.goto(f"{place.address}/developer")
    looks_well(page)
    page.goto(f"{place.address}/developer/publishers/new")
    page.get_by_label("Name", exact=True).fill("Ada Labs")
    page.get_by_label("Short name").fill("ada-labs")
    page.get_by_role("button", name="Sign up").click()
    made = place.command("ext", "sign", "--new-key", "key.pem")
    public = re.search(r"public (\S+)", made)
    assert public is not None
    page.goto(f"{place.address}/developer/publishers/ada-labs/keys")
    page.get_by_label("Name", exact=True).fill("Ada's machine")
    page.get_by_label("Public key").fill(public[1])
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_text("Good", exact=True)).to_be_visible()


def publishes(page: Page, place: Place, package: Path) -> None:
    """Upload a package, look at it, and publish it."""
    page.goto(f"{place.address}/developer/upload")
    page.get_by_label("Publish for").select_option("ada-labs")
    page.get_by_label("File").set_input_files(package)
    page.get_by_role("button", name="Check").click()
    looks_well(page)
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("heading", name="Pet names").first).to_be_visible()


def answers(place: Place, token: str) -> tuple[int, str]:
    """Call the extension as a program does."""
    answer = requests.get(
        f"{place.address}/api/extensions/{ID}/hello",
        headers={"Authorization": f"Bearer {token}"},
        timeout=_SECONDS,
    )
    return answer.status_code, answer.text


def test_from_the_first_version_to_one_that_comes_back(
    place: Place, open_page: Callable[[str], Page]
):
    place.user(_AUTHOR, "labs")
    token = place.user(_ADMIN, "shop")
    author, admin = open_page(_AUTHOR), open_page(_ADMIN)
    signs_up(author, place)

    publishes(author, place, place.package("1.0.0", name="Pet names"))
    finds_and_installs(admin, place)
    assert answers(place, token) == (200, HELLO)
    reviews(admin, place)

    more = {"permissions": ["read:leads", "read:deals"]}
    publishes(author, place, place.package("2.0.0", ANSWER.replace("Hello", "Welcome"), **more))
    assert answers(place, token) == (200, HELLO)
    reads_the_difference_and_agrees(admin, place)
    assert answers(place, token) == (200, WELCOME)

    publishes(author, place, place.package("3.0.0", 'raise ValueError("broken on purpose")'))
    admin.goto(f"{place.address}{PAGE}/upgrade")
    admin.get_by_role("button", name="Update", exact=True).click()
    expect(admin.get_by_text("3.0.0").first).to_be_visible()
    eventually(lambda: answers(place, token)[0] == FAILED, seconds=_SECONDS)
    eventually(lambda: answers(place, token) == (200, WELCOME), seconds=_SECONDS)
    sees_the_return(admin, place)
    sees_the_errors_and_yanks(author, place)
    admin.goto(f"{place.address}/marketplace/{ID}/versions")
    expect(admin.get_by_text("It fails on every call.").first).to_be_visible()
    looks_well(admin)


def finds_and_installs(admin: Page, place: Place) -> None:
    """Find it, read what it may do, and install it."""
    admin.goto(f"{place.address}/marketplace?q=pet")
    admin.get_by_role("link", name="Pet names").first.click()
    expect(admin.get_by_text("Ada Labs").first).to_be_visible()
    admin.get_by_role("link", name="Install", exact=True).first.click()
    expect(admin.get_by_text("View leads").first).to_be_visible()
    looks_well(admin)
    admin.get_by_role("button", name="Allow and install").click()
    expect(admin.get_by_text("Pet names is installed.")).to_be_visible()


def reviews(admin: Page, place: Place) -> None:
    """Say what it is worth."""
    admin.goto(f"{place.address}/marketplace/{ID}/reviews")
    looks_well(admin)
    admin.get_by_role("group", name="Stars").get_by_text("5").click()
    admin.get_by_label("Title").fill("It greets well")
    admin.get_by_role("button", name="Publish the review").click()
    expect(admin.get_by_text("It greets well").first).to_be_visible()


def reads_the_difference_and_agrees(admin: Page, place: Place) -> None:
    """Upgrade to a version that may do more."""
    admin.goto(f"{place.address}{PAGE}/upgrade")
    expect(admin.get_by_text("View deals").first).to_be_visible()
    looks_well(admin)
    admin.get_by_role("button", name="Approve and update").click()
    expect(admin).not_to_have_url(re.compile("/upgrade$"))


def sees_the_return(admin: Page, place: Place) -> None:
    """Read why a version went, in pages and on the command line."""
    admin.goto(f"{place.address}{PAGE}/versions")
    expect(admin.get_by_text("broken on purpose").first).to_be_visible()
    looks_well(admin)
    admin.goto(f"{place.address}/installed")
    expect(admin.get_by_text("returned from 3.0.0").first).to_be_visible()
    looks_well(admin)
    told = place.command("ext", "attention", "--workspace", "shop")
    assert "returned from 3.0.0 to 2.0.0" in told
    past = json.loads(place.command("ext", "versions", ID, "--workspace", "shop", "--json"))
    assert [(one["version"], one["outcome"]) for one in past["data"]][:4] == [
        ("2.0.0", None), ("3.0.0", "returned"), ("2.0.0", "replaced"), ("1.0.0", "replaced"),
    ]  # fmt: skip


def sees_the_errors_and_yanks(author: Page, place: Place) -> None:
    """See the error without the admin's data, and take the version back."""
    author.goto(f"{place.address}/developer/extensions/{ID}/errors")
    eventually(lambda: _reloaded(author).get_by_text("ValueError").count() > 0, seconds=_SECONDS)
    looks_well(author)
    author.goto(f"{place.address}/developer/extensions/{ID}/statistics")
    looks_well(author)
    words = ("--reason", "It fails on every call.", "--workspace", "labs")
    place.command("ext", "yank", ID, "3.0.0", *words)
    author.goto(f"{place.address}/developer/extensions/{ID}")
    expect(author.get_by_text("Yanked").first).to_be_visible()
    looks_well(author)


def _reloaded(page: Page) -> Page:
    page.reload()
    return page
