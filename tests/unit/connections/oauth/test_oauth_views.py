"""The doors of signing in, with a browser's cookies: out to the service, and back."""

from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest

from geminicrm.app import create_app
from tests.support.core import sign_in


@pytest.fixture
def made(sign_in_to):
    return sign_in_to()


@pytest.fixture
def app(made):
    return create_app(core=made.core)


@pytest.fixture
def browser(app, made):
    client = app.test_client()
    client.csrf = sign_in(client, made.tenant)
    return client


def leave(browser, made):
    """Press the button; give the answer and what the service gets."""
    answer = browser.post(f"/integrations/{made.id}/sign-in", data={"csrf_token": browser.csrf})
    head = answer.text.partition('http-equiv="refresh" content="0; url=')[2]
    address = unescape(head.partition('"')[0])
    sent = {name: one[0] for name, one in parse_qs(urlsplit(address).query).items()}
    made.server.challenge = sent.get("code_challenge", "")
    return answer, sent


def back(browser, service="sample", **given):
    return browser.get(f"/integrations/{service}/callback", query_string=given)


def test_there_and_back(browser, made):
    answer, sent = leave(browser, made)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Security-Policy"].count("form-action 'self';") == 1
    answer = back(browser, state=sent["state"], code="code-1")
    assert (answer.status_code, answer.location) == (303, f"/integrations/{made.id}")
    assert answer.headers["Cache-Control"] == "no-store"
    # No other site is told the address, which has the code in it.
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert made.token.access == "access-1"
    assert "Sample is connected." in browser.get("/account").text


def test_scopes_that_lack_are_shown(browser, made):
    made.server.more = {"scope": "contacts.read"}
    _, sent = leave(browser, made)
    back(browser, state=sent["state"], code="code-1")
    assert "without: deals.write" in browser.get("/account").text


def test_a_refusal_leads_back_to_the_connection(browser, made):
    _, sent = leave(browser, made)
    answer = back(browser, state=sent["state"], error="access_denied")
    assert (answer.status_code, answer.location) == (303, f"/integrations/{made.id}")
    assert "Sample was not allowed access" in browser.get("/account").text
    assert made.token is None


def test_a_state_of_another_browser_is_refused(browser, app, made):
    _, sent = leave(browser, made)
    other = app.test_client()
    sign_in(other, made.tenant)
    answer = back(other, state=sent["state"], code="code-1")
    assert answer.status_code == 400
    assert made.token is None
    assert back(browser, state=sent["state"], code="code-1").status_code == 303


@pytest.mark.parametrize("given", [{}, {"state": "x", "code": "y"}, {"state": "s" * 5000}])
def test_nonsense_is_refused(browser, made, given):
    assert back(browser, **given).status_code == 400
    assert made.token is None


def test_a_forged_form_begins_nothing(browser, made):
    assert browser.post(f"/integrations/{made.id}/sign-in").status_code == 403


def test_strangers_are_sent_to_sign_in(app, made):
    assert back(app.test_client(), state="s", code="c").status_code in {302, 401}
    assert made.token is None


def test_a_program_can_not_begin(app, made):
    answer = app.test_client().post(
        f"/integrations/{made.id}/sign-in", headers=made.tenant.headers()
    )
    assert answer.status_code == 403
    assert "browser" in answer.text


def test_what_is_not_filled_in_is_told_on_the_page(browser, made):
    made.change(config={"base_url": made.server.url})
    answer, _ = leave(browser, made)
    assert (answer.status_code, answer.location) == (303, f"/integrations/{made.id}")
    assert "client_id is not filled in" in browser.get("/account").text
