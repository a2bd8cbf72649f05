"""Other registries in the marketplace: what they have, where it would come from, and silence."""

import threading

import pytest
from flask import Flask
from flask.testing import FlaskClient

from geminicrm.app import create_app
from geminicrm.kernel.clock import FixedClock
from marketplace.registries import clients
from tests.support.core import sign_in
from tests.support.far_registry import NAME, Crm, FarRegistry
from tests.support.life import HELLO, files, manifest, wanted, zipped

PLACE = f"/marketplace/from/{NAME}"


@pytest.fixture
def app(crm: Crm) -> Flask:
    return create_app(core=crm.core)


@pytest.fixture
def browser(app: Flask, crm: Crm) -> FlaskClient:
    client = app.test_client()
    sign_in(client, crm.tenant)
    return client


def text(browser: FlaskClient, path: str, status: int = 200) -> str:
    answer = browser.get(path)
    assert answer.status_code == status, answer.get_data(as_text=True)
    return answer.get_data(as_text=True)


def test_what_it_has_is_listed_and_shown(browser: FlaskClient, far: FarRegistry):
    far.put(version="1.1.0")
    far.say_notices(2, yanked=[{"extension_id": HELLO, "version": "1.0.0"}])
    page = text(browser, PLACE)
    assert f'href="{PLACE}/{HELLO}"' in page
    one = text(browser, f"{PLACE}/{HELLO}")
    assert "From north-star" in one
    assert f'href="/marketplace/{HELLO}/install"' in one
    text(browser, f"{PLACE}/nobody", 404)
    text(browser, "/marketplace/from/nobody", 404)


def test_an_id_that_would_come_from_elsewhere_is_not_installed_from_here(
    browser: FlaskClient, crm: Crm
):
    crm.core.registry.publish(crm.tenant.owner(), zipped(files(version="0.1.0")))
    one = text(browser, f"{PLACE}/{HELLO}")
    assert "comes from This installation" in one
    assert f"/marketplace/{HELLO}/install" not in one


def test_what_is_installed_from_here_is_opened(browser: FlaskClient, crm: Crm):
    crm.life.cycle.install(crm.tenant.owner(), wanted())
    assert f'href="/installed/{HELLO}"' in text(browser, f"{PLACE}/{HELLO}")


def test_a_list_that_is_not_signed_is_not_shown(browser: FlaskClient, far: FarRegistry):
    far.entries[HELLO, "1.0.0"]["record_signatures"] = []
    page = text(browser, PLACE, 502)
    assert "was refused" in page
    assert f"{PLACE}/{HELLO}" not in page


def test_a_manifest_that_no_page_could_show_is_refused(browser: FlaskClient, far: FarRegistry):
    far.put(manifest={**manifest(), "permissions": "everything", "settings": 5})
    assert "is wrong" in text(browser, PLACE, 502)


def test_one_that_hangs_is_waited_for_once_and_holds_up_nothing_else(
    browser: FlaskClient,
    crm: Crm,
    far: FarRegistry,
    clock: FixedClock,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(clients, "PAGE_SECONDS", 0.3)
    hang = threading.Event()
    far.instead["/extensions"] = lambda _conn, _path: hang.wait(20) and None
    assert "be reached" in text(browser, PLACE, 503)
    asked = len(far.asked)
    assert "left alone" in text(browser, PLACE, 503)
    assert len(far.asked) == asked
    text(browser, "/marketplace")
    del far.instead["/extensions"]
    clock.advance(11)
    assert HELLO in text(browser, PLACE)
    hang.set()
    assert crm.tenant


def test_the_list_of_what_is_installed_waits_once_for_one_that_hangs(
    browser: FlaskClient, crm: Crm, far: FarRegistry, monkeypatch: pytest.MonkeyPatch
):
    crm.life.cycle.install(crm.tenant.owner(), wanted())
    monkeypatch.setattr(clients, "PAGE_SECONDS", 0.3)
    hang = threading.Event()
    for path in ("/extensions", "/keys", "/notices"):
        far.instead[path] = lambda _conn, _path: hang.wait(20) and None
    far.asked.clear()
    for _ in range(3):
        assert HELLO in text(browser, "/installed")
        text(browser, f"/installed/{HELLO}/versions")
    assert len(far.asked) == 1
    hang.set()


def test_what_was_answered_a_moment_ago_is_not_asked_again(browser: FlaskClient, far: FarRegistry):
    text(browser, PLACE)
    asked = len(far.asked)
    text(browser, PLACE)
    assert len(far.asked) == asked
