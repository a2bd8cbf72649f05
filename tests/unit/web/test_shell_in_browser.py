"""The style guide in a real browser: every part, both themes, a phone, keys and the board."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import assert_accessible, assert_no_sideways_scroll, serving
from tests.support.shell_app import shell_app

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving(shell_app()) as base:
        yield base


@pytest.fixture
def page(browser_page: Page, address: str) -> Page:
    browser_page.goto(f"{address}/styleguide")
    expect(browser_page.locator("html[data-ready] [data-board-ready]")).to_be_attached()
    return browser_page


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_part_is_accessible(browser_page: Page, address: str, theme: str):
    browser_page.context.add_cookies([{"name": "theme", "value": theme, "url": address}])
    browser_page.goto(f"{address}/styleguide")
    assert_accessible(browser_page)


def test_a_phone_shows_everything(page: Page):
    assert_no_sideways_scroll(page)
    assert_accessible(page)


@pytest.mark.parametrize("path", ["/failing", "/flash"])
def test_other_pages_are_accessible(browser_page: Page, address: str, path: str):
    browser_page.goto(f"{address}{path}")
    assert_accessible(browser_page)
    assert_no_sideways_scroll(browser_page)


def test_open_dialogs_and_menus_are_accessible(page: Page):
    page.get_by_role("button", name="Ask for permissions").click()
    expect(page.get_by_role("dialog").get_by_role("button", name="Cancel")).to_be_focused()
    assert_accessible(page)
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Ask for permissions")).to_be_focused()
    page.locator("summary", has_text="Account of Ada Lovelace").click()
    assert_accessible(page)
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("link", name="Settings", exact=True)).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("[data-menu][open]")).to_have_count(0)


def test_the_palette_finds_commands_and_records(page: Page, address: str):
    page.keyboard.press("Control+k")
    box = page.get_by_role("combobox", name="Type a command or search")
    expect(box).to_be_focused()
    assert_accessible(page)
    box.fill("lea")
    expect(page.locator("#palette").get_by_role("option")).to_have_text(
        [re.compile("New lead"), re.compile("Go to Leads"), re.compile("Found lea")]
    )
    page.keyboard.press("ArrowUp")
    expect(page.locator("#palette").get_by_role("option", selected=True)).to_contain_text(
        "Found lea"
    )
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{address}/leads")


def test_the_palette_says_when_it_finds_nothing(page: Page, address: str):
    page.route(f"{address}/search**", lambda route: route.fulfill(json={"data": []}))
    page.get_by_role("button", name="Search or jump").click()
    page.get_by_role("combobox", name="Type a command or search").fill("zzzz")
    expect(page.get_by_text("Nothing found. Try another word.")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_single_keys(page: Page, address: str):
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox", name="Search extensions")).to_be_focused()
    page.keyboard.press("g")
    page.keyboard.press("l")
    expect(page.get_by_role("searchbox", name="Search extensions")).to_have_value("gl")
    page.get_by_role("heading", name="Style guide").click()
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("[data-row-current]")).to_contain_text("Grace Hopper")
    page.keyboard.press("k")
    expect(page.get_by_role("link", name="Ada Lovelace", exact=True)).to_be_focused()
    page.keyboard.press("g")
    page.keyboard.press("l")
    page.wait_for_url(f"{address}/leads")


def test_create_on_the_page_goes_first(page: Page, address: str):
    page.keyboard.press("c")
    page.wait_for_url(f"{address}/styleguide#create")


def test_single_keys_can_be_switched_off(page: Page, address: str):
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keyboard shortcuts")
    assert_accessible(page)
    sheet.get_by_role("button", name="Turn off").click()
    expect(sheet.get_by_text("shortcuts are off")).to_be_visible()
    sheet.get_by_role("button", name="Close").click()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert {"name": "shortcuts", "value": "off"}.items() <= page.context.cookies(address)[0].items()


def test_the_theme_changes_without_a_load(page: Page):
    page.locator("summary[aria-label='Theme: system']").click()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("summary[aria-label='Theme: dark']")).to_be_focused()
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_the_drawer_of_a_phone(page: Page):
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.get_by_role("navigation", name="Main")).to_be_hidden()
    page.get_by_role("button", name="Open navigation").click()
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()
    assert_accessible(page)
    page.keyboard.press("Escape")
    expect(page.get_by_role("navigation", name="Main")).to_be_hidden()
    expect(page.get_by_role("button", name="Open navigation")).to_be_focused()


def test_a_card_moves_by_its_menu_and_back(page: Page):
    page.locator("summary[aria-label='Move Looms for Jacquard to…']").click()
    page.get_by_role("button", name="Won", exact=True).locator("visible=true").click()
    won = page.locator("[data-board-column=won]")
    expect(won).to_contain_text("Looms for Jacquard")
    expect(page.locator("[data-board-count=won]")).to_have_text("1")
    expect(page.locator("[data-board-count=new]")).to_have_text("7")
    expect(page.get_by_text("Looms for Jacquard moved to Won.")).to_be_attached()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("[data-board-column=offer]")).to_contain_text("Looms for Jacquard")


def test_a_refused_move_is_taken_back(page: Page, browser_problems: list[str]):
    page.locator("summary[aria-label='Move Cards for Babbage to…']").click()
    page.get_by_role("button", name="New", exact=True).locator("visible=true").click()
    expect(page.get_by_text("was not moved. Somebody else moved it.")).to_be_visible()
    expect(page.locator("[data-board-column=offer]")).to_contain_text("Cards for Babbage")
    assert_accessible(page)
    assert [problem for problem in browser_problems if "409" not in problem] == []
    browser_problems.clear()


def test_a_card_is_dragged(page: Page):
    card = page.get_by_role("listitem").filter(has_text="Engine for Analytical")
    card.scroll_into_view_if_needed()
    start = card.bounding_box()
    end = page.locator("[data-board-column=won]").bounding_box()
    assert start is not None
    assert end is not None
    page.mouse.move(start["x"] + 40, start["y"] + 44)
    page.mouse.down()
    page.mouse.move(start["x"] + 60, start["y"] + 44, steps=5)
    # Only a drag that has begun takes note of where it is.
    expect(page.locator(".board-card-ghost")).to_be_attached()
    page.mouse.move(end["x"] + 60, end["y"] + 40, steps=15)
    page.mouse.move(end["x"] + 80, end["y"] + 60, steps=5)
    expect(page.locator("[data-board-column=won]")).to_contain_text("Engine for Analytical")
    page.mouse.up()
    expect(page.get_by_text("Engine for Analytical moved to Won.")).to_be_attached()


def test_an_extension_button_asks_and_answers_in_place(page: Page):
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Send a reminder").click()
    expect(page.get_by_text("Did remind")).to_be_visible()
    expect(page.get_by_text("Done: sent café")).to_be_visible()
    page.get_by_role("button", name="Dismiss").click()
    expect(page.get_by_text("Done: sent café")).to_have_count(0)


def test_a_failed_action_leaves_the_panel(page: Page, browser_problems: list[str]):
    page.get_by_role("button", name="Withdraw the quote").click()
    expect(page.get_by_text("That did not work (error 500). Try again.")).to_be_visible()
    expect(page.get_by_text("Quote 1042")).to_be_visible()
    assert len(browser_problems) == 2
    browser_problems.clear()


def test_unsaved_changes_are_guarded(page: Page, address: str):
    asked: list[str] = []

    def stay(dialog: object) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", stay)
    page.get_by_label("First name").fill("Augusta")
    page.goto(f"{address}/leads")
    assert asked == ["beforeunload"]
