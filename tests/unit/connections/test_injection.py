"""Credentials in a call: where they go, what they replace, what is said where they lack."""

from base64 import b64encode

import pytest

from extensions.sdk.service_errors import AuthenticationError
from geminicrm.connections.absent import NoTokens
from geminicrm.connections.injection import injected, needs_token
from geminicrm.connections.opened import Opened
from geminicrm.connections.services import Values
from geminicrm.connections.table import Connected
from geminicrm.kernel.http import HttpRequest
from geminicrm.runtime.manifest_build import build_manifest
from geminicrm.runtime.services import service_of
from tests.support.manifests import MINIMAL

URL = "https://api.example.com/v1/things?limit=3"


class OneToken:
    """Gives a token."""

    def access_token(self, _connection, _way):
        return "tok_1"


def opened(way, values=None, tokens=None):
    fields = [
        {"id": name, "type": "password", "label": name}
        for name in ("key", "user", "password", "access_token")
    ]
    manifest = build_manifest({**MINIMAL, "settings": fields, "authentication": [way]})
    facts = dict.fromkeys(Connected.__slots__)
    connection = Connected(**{**facts, "way": way["type"], "name": "Ours", "config": {}})
    beneath = Values({}, values or {})
    service = service_of(manifest, "inst_1", "ws_1")
    return Opened(connection, service, _NoVault(), tokens or NoTokens(), beneath)


class _NoVault:
    def open(self, _sealed):
        return {}


def sent(way, values=None, tokens=None, **headers):
    request = HttpRequest("GET", URL, headers)
    return injected(request, opened(way, values, tokens))


def test_a_bearer_token():
    way = {"type": "bearer", "settings": ["key"]}
    assert sent(way, {"key": "k1"}).headers == {"Authorization": "Bearer k1"}


def test_what_the_extension_sent_under_that_name_is_replaced():
    way = {"type": "bearer", "settings": ["key"]}
    found = sent(way, {"key": "k1"}, authorization="Bearer mine", Accept="text/plain")
    assert found.headers == {"Accept": "text/plain", "Authorization": "Bearer k1"}


def test_user_name_and_password():
    way = {"type": "basic", "settings": ["user", "password"]}
    wanted = b64encode("ünal:p:w".encode()).decode()
    found = sent(way, {"user": "ünal", "password": "p:w"})
    assert found.headers == {"Authorization": f"Basic {wanted}"}


@pytest.mark.parametrize(
    ("url", "wanted"),
    [(URL, f"{URL}&key=a%26b%20c"), ("https://a.example/", "https://a.example/?key=a%26b%20c")],
)
def test_a_parameter_of_the_query_is_encoded(url, wanted):
    place = {"in": "query", "name": "key", "value": "{key}"}
    way = opened({"type": "api_key", "settings": ["key"], "inject": [place]}, {"key": "a&b c"})
    assert injected(HttpRequest("GET", url), way).url == wanted


def test_a_header_of_its_own():
    place = {"in": "header", "name": "X-Key", "value": "v={key}"}
    way = {"type": "api_key", "settings": ["key"], "inject": [place]}
    assert sent(way, {"key": "k1"}).headers == {"X-Key": "v=k1"}


def test_an_access_token_of_oauth2():
    way = {"type": "client_credentials", "token_url": "https://a.example/token"}
    assert sent(way, tokens=OneToken()).headers == {"Authorization": "Bearer tok_1"}
    assert needs_token(opened(way))


def test_a_fresh_token_takes_its_place():
    way = {"type": "client_credentials", "token_url": "https://a.example/token"}
    found = injected(HttpRequest("GET", URL), opened(way), "tok_2")
    assert found.headers == {"Authorization": "Bearer tok_2"}


def test_a_setting_may_be_called_access_token():
    way = {"type": "bearer", "settings": ["access_token"]}
    assert sent(way, {"access_token": "pat-1"}).headers == {"Authorization": "Bearer pat-1"}


@pytest.mark.parametrize(
    ("way", "word"),
    [
        ({"type": "bearer", "settings": ["key"]}, "key is not filled in"),
        ({"type": "client_credentials", "token_url": "https://a.example/t"}, "not been signed in"),
    ],
)
def test_what_lacks_is_named(way, word):
    with pytest.raises(AuthenticationError, match=word):
        sent(way)


def test_a_mail_account_is_put_nowhere():
    way = {"type": "mail", "settings": ["user", "password"]}
    assert sent(way, {"user": "a", "password": "b"}).headers == {}
    assert opened(way, {"password": "b"}).visible() == {"password": "b"}
