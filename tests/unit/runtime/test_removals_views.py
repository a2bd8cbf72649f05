"""The pages of what was uninstalled."""

import pytest
from flask import Flask

from geminicrm.runtime.install.drafting import Outcome
from tests.support.core import Tenant
from tests.support.crm_pages import said
from tests.support.life import Life
from tests.support.life_app import CONSENT, PAGE, Browser, life_app, member

REMOVED = "/installed/removed"


@pytest.fixture
def app(life: Life) -> Flask:
    """Give the application."""
    return life_app(life)


@pytest.fixture
def browser(app: Flask, tenant: Tenant) -> Browser:
    """Give somebody who has uninstalled the extension a moment ago."""
    made = Browser(app.test_client(), tenant)
    made.post(CONSENT)
    made.post(f"{PAGE}/uninstall", data="purge", name="Hello World")
    return made


def removal_id(life: Life, tenant: Tenant) -> str:
    (one,) = life.cycle.removals.removed(tenant.owner())
    return str(one["id"])


def test_the_message_offers_to_undo_it(browser: Browser, life: Life, tenant: Tenant):
    page = browser.get("/installed")
    toasts = page.partition('id="toasts"')[2].partition("</div>\n<template")[0]
    assert "Hello World is uninstalled; its settings are deleted in 30 days." in toasts
    assert f'action="{REMOVED}/{removal_id(life, tenant)}/restore"' in toasts
    assert "data-toast-undo" in toasts


def test_undo_brings_it_back(browser: Browser, life: Life, tenant: Tenant):
    words = said(browser.get("/installed"))
    assert "Recently removed" in words
    assert "by Owner" in words
    answer = browser.post(f"{REMOVED}/{removal_id(life, tenant)}/restore")
    assert answer.headers["Location"] == PAGE
    assert "Hello World is back, with all that it had." in browser.get(PAGE)
    assert "Recently removed" not in browser.get("/installed")


def test_why_it_stays_removed_is_told(browser: Browser, life: Life, tenant: Tenant):
    life.runner.installing = lambda _actor, _draft: Outcome(success=False, message="No licence.")
    answer = browser.post(f"{REMOVED}/{removal_id(life, tenant)}/restore")
    assert answer.headers["Location"] == "/installed"
    page = browser.get("/installed")
    assert "No licence." in page
    assert "Recently removed" in page


def test_deleting_for_good_is_asked_for_first(browser: Browser, life: Life, tenant: Tenant):
    page = browser.get("/installed")
    assert "Delete Hello World for good?" in page
    assert "Its settings, secrets, documents and log go at once." in page
    browser.post(f"{REMOVED}/{removal_id(life, tenant)}/forget")
    page = browser.get("/installed")
    assert "It is deleted for good." in page
    assert "Recently removed" not in page
    assert life.cycle.removals.removed(tenant.owner()) == []


@pytest.mark.usefixtures("browser")
def test_members_see_it_and_change_nothing(app: Flask, life: Life, tenant: Tenant):
    guest = member(life, app, tenant)
    page = guest.get("/installed")
    assert "Recently removed" in page
    assert "Delete for good" not in page
    guest.post(f"{REMOVED}/{removal_id(life, tenant)}/restore", status=403)
    guest.post(f"{REMOVED}/{removal_id(life, tenant)}/forget", status=403)
