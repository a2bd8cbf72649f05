"""What an integration adds to a sign-in: asked of it both ways to run, and nothing replaced."""

from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest

from extensions.sdk.service_errors import ServiceRefused
from geminicrm.app import create_app
from geminicrm.connections.oauth.vendor import OWN, fields_of, with_more
from tests.support.core import make_tenant, sign_in
from tests.support.signed_in import SETTINGS, WAYS, connection_of

ADDRESS = "https://vendor.example/authorize?client_id=c&state=s&scope=a+b"
CODE = '''"""Signs in at a service with ways of its own."""

from extensions.integration_base import IntegrationBase
from extensions.sdk.connection import Account
from extensions.sdk.service_errors import ServiceUnavailable


class Sample(IntegrationBase):
    """Signs in at a service with ways of its own."""

    def test_connection(self):
        raise ServiceUnavailable("not asked here")
{more}'''
OWN_PART = """
    def authorization_address(self, address):
        return f"{address}&prompt=consent"

    def exchange_code(self):
        return {"audience": self.app.connection.name}

    def connect(self):
        found = self.status()
        return Account(id="7", label=f"{found.provider} {found.types} {found.connection.state}")
"""
FACTS = {
    "id": "sample",
    "name": "Sample",
    "permissions": [],
    "settings": SETTINGS,
    "authentication": [WAYS["oauth2"]],
    "provides": ["chat"],
    "hooks": ["run_operation"],
    "network": [{"setting": "base_url", "reason": "The service."}],
}


@pytest.fixture
def begun(install_all, open_core, token_server):
    """Give a function that installs it with this code, and presses the button to sign in."""

    def begin(more):
        tenant = make_tenant(open_core, "north")
        install_all(open_core, tenant, [(CODE.format(more=more), FACTS)])
        made = connection_of(open_core, tenant, token_server)
        browser = create_app(core=open_core).test_client()
        form = {"csrf_token": sign_in(browser, tenant)}
        answer = browser.post(f"/integrations/{made.id}/sign-in", data=form)
        head = answer.text.partition('http-equiv="refresh" content="0; url=')[2]
        address = unescape(head.partition('"')[0])
        sent = {name: one[0] for name, one in parse_qs(urlsplit(address).query).items()}
        token_server.challenge = sent.get("code_challenge", "")
        return made, browser, sent

    return begin


def back(browser, sent):
    given = {"state": sent["state"], "code": "code-1"}
    return browser.get("/integrations/sample/callback", query_string=given)


def test_its_part_goes_along_and_it_takes_the_connection_up(begun, token_server):
    made, browser, sent = begun(OWN_PART)
    assert (sent["prompt"], sent["access_type"]) == ("consent", "offline")
    back(browser, sent)
    (asked,) = token_server.asked
    assert (asked.form["audience"], asked.form["code"]) == ("Sample", "code-1")
    assert made.token.access == "access-1"
    assert made.row.account == "Sample ('chat',) connected"
    assert "Sample is connected." in browser.get("/account").text


def test_without_code_of_its_own_nothing_is_added(begun, token_server):
    made, browser, sent = begun("")
    assert "prompt" not in sent
    back(browser, sent)
    assert set(token_server.asked[0].form) == {
        "grant_type",
        "code",
        "redirect_uri",
        "code_verifier",
    }
    # The sign-in holds, whatever the first call to the service says.
    assert made.token.access == "access-1"
    page = browser.get("/account").text
    assert "Sample is signed in, and does not work yet: not asked here" in page


LEADS_AWAY = """
    def authorization_address(self, address):
        return address.replace("/authorize", "/elsewhere")
"""
TAKES_OVER = """
    def exchange_code(self):
        return {"code_verifier": "mine"}
"""


def test_an_address_elsewhere_is_not_followed(begun):
    made, browser, sent = begun(LEADS_AWAY)
    assert sent == {}
    assert "it leads elsewhere than the manifest says" in browser.get("/account").text
    assert made.token is None


def test_the_verifier_stays_the_cores(begun, token_server):
    made, browser, sent = begun(TAKES_OVER)
    back(browser, sent)
    assert token_server.asked == []
    assert made.token is None
    assert "which the core sends itself" in browser.get("/account").text


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (ADDRESS, ADDRESS),
        (f"{ADDRESS}&prompt=a b", f"{ADDRESS}&prompt=a+b"),
        (f"{ADDRESS}&state=s", ADDRESS),
        ("https://vendor.example/authorize?x=&scope=a%20b&state=s&client_id=c", f"{ADDRESS}&x="),
    ],
)
def test_what_is_added_stands_behind_what_is_there(given, expected):
    assert with_more(ADDRESS, given) == expected


@pytest.mark.parametrize(
    "given",
    [
        ADDRESS.replace("vendor", "other"),
        ADDRESS.replace("https", "http"),
        ADDRESS.replace("state=s", "state=t"),
        ADDRESS.replace("state=s", ""),
        f"{ADDRESS}#x",
        f"{ADDRESS}&x={'y' * 3000}",
        ADDRESS + "".join(f"&x{at}=1" for at in range(30)),
        "",
        *(f"{ADDRESS}&{name}=mine" for name in sorted(OWN)),
    ],
)
def test_nothing_of_the_cores_can_be_changed(given):
    with pytest.raises(ServiceRefused):
        with_more(ADDRESS, given)


@pytest.mark.parametrize("name", ["grant_type", "code", "code_verifier", "client_secret"])
def test_fields_of_the_core_are_its_own(name):
    with pytest.raises(ServiceRefused):
        fields_of({name: "mine"})
